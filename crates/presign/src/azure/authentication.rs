//! The parameters with which a received request authenticates itself.

use super::{
    binding, credential::DelegationKeyId, guid::Guid, iso8601, parameter as name,
    permissions::Permissions, refusal::Refusal, signing_key, string_to_sign::KeyFields,
    terms::AddressRange, version::Layout,
};
use crate::Timestamp;

/// The headers of the response that [`name::OVERRIDES`] replace.
const RESPONSE_HEADERS: [&str; 5] = [
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
];

/// The decoded parameters of the signature, checked for their form alone. What
/// is not there is empty.
pub(super) struct Authentication<'a> {
    pub(super) version: &'a str,
    pub(super) resource: &'a str,
    pub(super) permissions: Field<'a, Permissions>,
    pub(super) start: Field<'a, Timestamp>,
    pub(super) expiry: Field<'a, Timestamp>,
    pub(super) addresses: Field<'a, AddressRange>,
    pub(super) protocols: &'a str,
    pub(super) snapshot: &'a str,
    pub(super) encryption_scope: &'a str,
    pub(super) overrides: [&'a str; 5],
    pub(super) key: Key<'a>,
    pub(super) signature: [u8; 32],
}

/// A parameter's text, which was signed, and what it means, if it is there.
#[derive(Clone, Copy)]
pub(super) struct Field<'a, T> {
    pub(super) text: &'a str,
    pub(super) value: Option<T>,
}

/// What claims to have signed.
pub(super) enum Key<'a> {
    Account { policy: &'a str },
    Delegation(Box<Delegation<'a>>),
}

/// What only a delegated key signs.
pub(super) struct Delegation<'a> {
    pub(super) layout: Layout,
    pub(super) id: DelegationKeyId,
    pub(super) key: KeyFields<'a>,
    pub(super) authorized_agent: &'a str,
    pub(super) unauthorized_agent: &'a str,
    pub(super) correlation_id: Field<'a, Guid>,
    pub(super) signed_headers: Vec<&'a str>,
    pub(super) signed_parameters: Vec<&'a str>,
}

impl<'a> Authentication<'a> {
    pub(super) fn parse(parameters: &'a [(String, String)]) -> Result<Self, Refusal> {
        let fields = Fields(parameters);
        let signature = fields.require(name::SIGNATURE)?;
        let version = fields.require(name::VERSION)?;
        let layout = Layout::of(version).ok_or(Refusal::UnsupportedVersion)?;
        let resource = fields.require(name::RESOURCE)?;
        let snapshot = match resource {
            "b" | "c" => "",
            "bs" => fields.require(name::SNAPSHOT)?,
            "bv" => fields.require(name::VERSION_ID)?,
            _ => return Err(invalid(name::RESOURCE)),
        };
        let key = Key::parse(fields, layout)?;
        let permissions = fields.parse(name::PERMISSIONS, Permissions::parse)?;
        let expiry = fields.parse(name::EXPIRY, iso8601::parse)?;
        if key.policy().is_none() {
            fields.require(name::PERMISSIONS)?;
            fields.require(name::EXPIRY)?;
        }
        let protocols = fields.get(name::PROTOCOLS)?;
        if !matches!(protocols, "" | "https" | "https,http") {
            return Err(invalid(name::PROTOCOLS));
        }
        let mut overrides = [""; 5];
        for (line, name) in overrides.iter_mut().zip(name::OVERRIDES) {
            *line = fields.get(name)?;
        }
        Ok(Self {
            version,
            resource,
            permissions,
            start: fields.parse(name::START, iso8601::parse)?,
            expiry,
            addresses: fields.parse(name::ADDRESSES, AddressRange::parse)?,
            protocols,
            snapshot,
            encryption_scope: fields.get(name::ENCRYPTION_SCOPE)?,
            overrides,
            key,
            signature: signing_key::decode(signature).ok_or(invalid(name::SIGNATURE))?,
        })
    }
}

/// What it says to whoever acts on the request.
impl Authentication<'_> {
    pub(super) fn response_headers(&self) -> Vec<(&'static str, Box<str>)> {
        RESPONSE_HEADERS
            .into_iter()
            .zip(self.overrides)
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name, value.into()))
            .collect()
    }

    pub(super) fn signed_headers(&self) -> Vec<Box<str>> {
        let names = self.key.delegation().map(|it| it.signed_headers.as_slice());
        lower_case(names.unwrap_or_default())
    }

    pub(super) fn signed_parameters(&self) -> Vec<Box<str>> {
        let names = self
            .key
            .delegation()
            .map(|it| it.signed_parameters.as_slice());
        let mut names = lower_case(names.unwrap_or_default());
        match self.resource {
            "bs" => names.push(name::SNAPSHOT.into()),
            "bv" => names.push(name::VERSION_ID.into()),
            _ => {}
        }
        names
    }
}

fn lower_case(names: &[&str]) -> Vec<Box<str>> {
    let names = names.iter().map(|name| name.to_ascii_lowercase());
    names.map(Into::into).collect()
}

impl<'a> Key<'a> {
    pub(super) fn delegation(&self) -> Option<&Delegation<'a>> {
        match self {
            Self::Account { .. } => None,
            Self::Delegation(delegation) => Some(delegation),
        }
    }

    pub(super) fn policy(&self) -> Option<&'a str> {
        match self {
            Self::Account { policy: "" } | Self::Delegation(_) => None,
            Self::Account { policy } => Some(policy),
        }
    }

    fn parse(fields: Fields<'a>, layout: Layout) -> Result<Self, Refusal> {
        for name in [name::USER_OBJECT_ID, name::KEY_USER_TENANT_ID] {
            if !fields.get(name)?.is_empty() {
                return Err(Refusal::UserBound);
            }
        }
        let policy = fields.get(name::POLICY)?;
        let has = |name| fields.get(name).map(|value| !value.is_empty());
        if has(name::KEY_OBJECT_ID)? || has(name::KEY_TENANT_ID)? || has(name::KEY_EXPIRY)? {
            if !policy.is_empty() {
                return Err(invalid(name::POLICY));
            }
            return Delegation::parse(fields, layout).map(|it| Self::Delegation(Box::new(it)));
        }
        fields.refuse_binding()?;
        Ok(Self::Account { policy })
    }
}

impl<'a> Delegation<'a> {
    fn parse(fields: Fields<'a>, layout: Layout) -> Result<Self, Refusal> {
        let key = KeyFields {
            object_id: fields.require(name::KEY_OBJECT_ID)?,
            tenant_id: fields.require(name::KEY_TENANT_ID)?,
            start: fields.require(name::KEY_START)?,
            expiry: fields.require(name::KEY_EXPIRY)?,
            service: fields.require(name::KEY_SERVICE)?,
            version: fields.require(name::KEY_VERSION)?,
        };
        let guid = |text: &str, name| text.parse().map_err(|_| invalid(name));
        let time = |text, name| iso8601::parse(text).ok_or(invalid(name));
        let id = DelegationKeyId {
            object_id: guid(key.object_id, name::KEY_OBJECT_ID)?,
            tenant_id: guid(key.tenant_id, name::KEY_TENANT_ID)?,
            starts_at: time(key.start, name::KEY_START)?,
            expires_at: time(key.expiry, name::KEY_EXPIRY)?,
            service: key.service.into(),
            version: key.version.into(),
        };
        let parse_guid = |text: &str| text.parse().ok();
        let authorized_agent = fields.parse::<Guid>(name::AUTHORIZED_AGENT, parse_guid)?;
        let unauthorized_agent = fields.parse::<Guid>(name::UNAUTHORIZED_AGENT, parse_guid)?;
        if authorized_agent.value.is_some() && unauthorized_agent.value.is_some() {
            return Err(invalid(name::UNAUTHORIZED_AGENT));
        }
        if layout < Layout::V2026_04_06 {
            fields.refuse_binding()?;
        }
        Ok(Self {
            layout,
            id,
            key,
            authorized_agent: authorized_agent.text,
            unauthorized_agent: unauthorized_agent.text,
            correlation_id: fields.parse(name::CORRELATION_ID, parse_guid)?,
            signed_headers: fields.names(name::SIGNED_HEADERS, binding::is_header_name)?,
            signed_parameters: fields.names(name::SIGNED_PARAMETERS, binding::is_parameter_name)?,
        })
    }
}

/// The received parameters, to be found by name in any case.
#[derive(Clone, Copy)]
struct Fields<'a>(&'a [(String, String)]);

impl<'a> Fields<'a> {
    /// Gives the value of a parameter, empty if it is not there. A control
    /// character could pose as the end of the field in the string to sign.
    fn get(self, name: &'static str) -> Result<&'a str, Refusal> {
        match find(self.0, name) {
            Some(value) if value.contains(char::is_control) => Err(invalid(name)),
            value => Ok(value.unwrap_or("")),
        }
    }

    fn require(self, name: &'static str) -> Result<&'a str, Refusal> {
        match self.get(name)? {
            "" => Err(Refusal::MissingParameter { name }),
            value => Ok(value),
        }
    }

    fn parse<T>(
        self,
        name: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Field<'a, T>, Refusal> {
        let text = self.get(name)?;
        let value = match text {
            "" => None,
            text => Some(parse(text).ok_or(invalid(name))?),
        };
        Ok(Field { text, value })
    }

    /// Reads names joined by commas, none of them twice.
    fn names(
        self,
        name: &'static str,
        is_name: impl Fn(&str) -> bool,
    ) -> Result<Vec<&'a str>, Refusal> {
        let text = self.get(name)?;
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let mut names: Vec<&str> = Vec::new();
        for one in text.split(',') {
            if !is_name(one) || names.iter().any(|other| other.eq_ignore_ascii_case(one)) {
                return Err(invalid(name));
            }
            names.push(one);
        }
        Ok(names)
    }

    /// Refuses the names of what would be bound where nothing is: whoever put
    /// them there relies on it.
    fn refuse_binding(self) -> Result<(), Refusal> {
        for name in [name::SIGNED_HEADERS, name::SIGNED_PARAMETERS] {
            if !self.get(name)?.is_empty() {
                return Err(invalid(name));
            }
        }
        Ok(())
    }
}

/// Gives the value of the parameter of this name, in whatever case it was sent.
pub(super) fn find<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    parameters
        .iter()
        .find(|(other, _)| other.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

const fn invalid(name: &'static str) -> Refusal {
    Refusal::InvalidParameter { name }
}
