//! How a section is declared, read from the file and the environment, and documented.

use super::Error;
use std::collections::{BTreeMap, BTreeSet};

/// What a setting looks like in the environment and in the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Boolean,
    /// Separated by commas in the environment.
    List,
    /// Text that may stand in the environment alone, and is never shown.
    Secret,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
            Self::List => "list of texts",
            Self::Secret => "secret, in the environment alone",
        }
    }
}

/// The type of a setting.
pub(super) trait Setting: serde::de::DeserializeOwned {
    const KIND: Kind;

    /// The value when there is neither a value nor a default.
    fn absent() -> Option<Self> {
        None
    }

    /// The value as an operator may see it.
    fn shown(value: &toml::Value) -> toml::Value {
        match Self::KIND {
            Kind::Secret => toml::Value::from("(hidden)"),
            _ => value.clone(),
        }
    }
}

macro_rules! setting {
    ($kind:ident: $($name:ty),*) => {$(
        impl Setting for $name {
            const KIND: Kind = Kind::$kind;
        }
    )*};
}

setting!(Text: std::net::SocketAddr, std::path::PathBuf, protocol::Network, protocol::PrincipalName, protocol::Sha256Digest, protocol::bucket::Origin);
setting!(Integer: u32, std::num::NonZeroU32);
setting!(Boolean: bool);

impl<T: Setting> Setting for Option<T> {
    const KIND: Kind = T::KIND;
    fn absent() -> Option<Self> {
        Some(None)
    }
    fn shown(value: &toml::Value) -> toml::Value {
        T::shown(value)
    }
}

impl<T: Setting> Setting for Vec<T> {
    const KIND: Kind = Kind::List;
    fn absent() -> Option<Self> {
        Some(Vec::new())
    }
}

/// What the reference says of a setting.
#[derive(Debug, Clone)]
pub(super) struct Description {
    pub(super) key: &'static str,
    pub(super) kind: Kind,
    pub(super) default: Option<toml::Value>,
    pub(super) text: String,
}

/// A section of the file.
pub(super) trait Section: Sized {
    const NAME: &'static str;
    /// What the section is about.
    const TEXT: &'static str;
    fn descriptions() -> Vec<Description>;
    fn read(values: &mut Values<'_>) -> Result<Self, Error>;
}

/// Declares a section: a struct whose fields are settings, with their defaults. A `check` that looks at
/// the settings together, and reads the files that they name, is run on what was read.
macro_rules! section {
    (
        #[doc = $text:literal]
        $name:ident $section:literal {
            $($(#[doc = $doc:literal])+ $field:ident: $ty:ty $(= $default:expr)?,)*
        }
        $(check $check:path)?
    ) => {
        #[doc = $text]
        #[derive(Debug, Clone)]
        pub struct $name {
            $($(#[doc = $doc])+ pub $field: $ty,)*
        }

        impl $crate::config::section::Section for $name {
            const NAME: &'static str = $section;
            const TEXT: &'static str = $text;

            fn descriptions() -> Vec<$crate::config::section::Description> {
                vec![$($crate::config::section::Description {
                    key: stringify!($field),
                    kind: <$ty as $crate::config::section::Setting>::KIND,
                    default: $crate::config::section::section!(@default $($default)?),
                    text: concat!($($doc),+).trim().to_owned(),
                }),*]
            }

            fn read(
                values: &mut $crate::config::section::Values<'_>,
            ) -> Result<Self, $crate::config::Error> {
                let section = Self {
                    $($field: values.take(
                        stringify!($field),
                        $crate::config::section::section!(@default $($default)?),
                    )?,)*
                };
                $(let section = $check(section, values)?;)?
                Ok(section)
            }
        }
    };
    (@default) => { None };
    (@default $default:expr) => { Some(toml::Value::from($default)) };
}
pub(super) use section;

/// The file and the environment, until all sections are taken out.
#[derive(Debug)]
pub(super) struct Source {
    file: toml::Table,
    environment: BTreeMap<(String, String), String>,
    effective: toml::Table,
    sections: Vec<&'static str>,
}

impl Source {
    /// Takes what begins with `SIGNET_` and holds `__` out of the environment.
    pub(super) fn new(file: toml::Table, environment: &BTreeMap<String, String>) -> Self {
        let environment = environment
            .iter()
            .filter_map(|(name, value)| {
                let (section, key) = name.strip_prefix("SIGNET_")?.split_once("__")?;
                let place = (section.to_ascii_lowercase(), key.to_ascii_lowercase());
                Some((place, value.clone()))
            })
            .collect();
        Self {
            file,
            environment,
            effective: toml::Table::new(),
            sections: Vec::new(),
        }
    }

    /// Takes a section out.
    pub(super) fn section<S: Section>(&mut self) -> Result<S, Error> {
        self.sections.push(S::NAME);
        let table = match self.file.remove(S::NAME) {
            None => toml::Table::new(),
            Some(toml::Value::Table(table)) => table,
            Some(_) => {
                let fault = format!("must be a section: `[{}]`", S::NAME);
                return Err(Error::invalid(S::NAME, fault));
            }
        };
        let mut values = Values {
            section: S::NAME,
            table,
            environment: &mut self.environment,
            from_environment: BTreeSet::new(),
            in_file: BTreeSet::new(),
            shown: toml::Table::new(),
        };
        let section = S::read(&mut values)?;
        let shown = values.finish(&S::descriptions())?;
        self.effective
            .insert(S::NAME.to_owned(), toml::Value::Table(shown));
        Ok(section)
    }

    /// Refuses what no section took, and gives what is in force.
    pub(super) fn finish(self) -> Result<toml::Table, Error> {
        let known = || list(self.sections.iter().copied());
        if let Some(name) = self.file.keys().next() {
            return Err(Error::Unknown {
                name: name.clone(),
                origin: String::new(),
                known: known(),
            });
        }
        if let Some(((section, key), _)) = self.environment.iter().next() {
            return Err(Error::Unknown {
                name: format!("{section}.{key}"),
                origin: origin(section, key),
                known: known(),
            });
        }
        Ok(self.effective)
    }
}

/// One section's values.
#[derive(Debug)]
pub(super) struct Values<'a> {
    section: &'static str,
    table: toml::Table,
    environment: &'a mut BTreeMap<(String, String), String>,
    from_environment: BTreeSet<&'static str>,
    in_file: BTreeSet<&'static str>,
    shown: toml::Table,
}

impl Values<'_> {
    /// Takes a setting: from the environment, else from the file, else its default.
    pub(super) fn take<T: Setting>(
        &mut self,
        key: &'static str,
        default: Option<toml::Value>,
    ) -> Result<T, Error> {
        let in_file = self.table.remove(key);
        if in_file.is_some() {
            self.in_file.insert(key);
        }
        let place = (self.section.to_owned(), key.to_owned());
        if in_file.is_some() && T::KIND == Kind::Secret {
            return Err(self.invalid(key, format!(
                "is a secret and may not stand in this file\nhint: set {}, or name a file that holds it in `{}.{key}_file`",
                variable(self.section, key), self.section,
            )));
        }
        let value = if let Some(text) = self.environment.remove(&place) {
            self.from_environment.insert(key);
            Some(self.value_of(key, T::KIND, &text)?)
        } else {
            in_file.or(default)
        };
        let Some(value) = value else {
            return T::absent().ok_or_else(|| Error::Missing {
                setting: format!("{}.{key}", self.section),
                hint: format!("set it in the file, or {}", variable(self.section, key)),
            });
        };
        self.shown.insert(key.to_owned(), T::shown(&value));
        value
            .try_into()
            .map_err(|error: toml::de::Error| match T::KIND {
                Kind::Secret => self.invalid(key, "cannot be read"),
                _ => self.invalid(key, format!("cannot be used: {}", error.message())),
            })
    }

    /// True when the setting's value came from the environment.
    pub(super) fn is_from_environment(&self, key: &str) -> bool {
        self.from_environment.contains(key)
    }

    /// True when the setting was given a value, that is, does not stand at its default.
    pub(super) fn is_given(&self, key: &str) -> bool {
        self.is_from_environment(key) || self.in_file.contains(key)
    }

    /// The fault of one setting.
    pub(super) fn invalid(&self, key: &str, fault: impl Into<String>) -> Error {
        let origin = if self.is_from_environment(key) {
            origin(self.section, key)
        } else {
            String::new()
        };
        Error::Invalid {
            setting: format!("{}.{key}", self.section),
            origin,
            fault: fault.into(),
        }
    }

    fn value_of(&self, key: &str, kind: Kind, text: &str) -> Result<toml::Value, Error> {
        let unfit = |expected: &str| Err(self.invalid(key, format!("must be {expected}")));
        match kind {
            Kind::Text | Kind::Secret => Ok(toml::Value::from(text)),
            Kind::Integer => text
                .parse::<i64>()
                .map_or_else(|_| unfit("a whole number"), |n| Ok(toml::Value::from(n))),
            Kind::Boolean => text
                .parse::<bool>()
                .map_or_else(|_| unfit("`true` or `false`"), |b| Ok(toml::Value::from(b))),
            Kind::List => Ok(toml::Value::Array(
                text.split(',')
                    .map(str::trim)
                    .filter(|item| !item.is_empty())
                    .map(toml::Value::from)
                    .collect(),
            )),
        }
    }

    fn finish(self, descriptions: &[Description]) -> Result<toml::Table, Error> {
        let known = || list(descriptions.iter().map(|description| description.key));
        if let Some(key) = self.table.keys().next() {
            return Err(Error::Unknown {
                name: format!("{}.{key}", self.section),
                origin: String::new(),
                known: known(),
            });
        }
        let of_section = |((section, _), _): &(&(String, String), &String)| section == self.section;
        if let Some(((section, key), _)) = self.environment.iter().find(of_section) {
            return Err(Error::Unknown {
                name: format!("{section}.{key}"),
                origin: origin(section, key),
                known: known(),
            });
        }
        Ok(self.shown)
    }
}

/// The variable that sets a setting.
pub(super) fn variable(section: &str, key: &str) -> String {
    format!(
        "SIGNET_{}__{}",
        section.to_ascii_uppercase(),
        key.to_ascii_uppercase()
    )
}

fn origin(section: &str, key: &str) -> String {
    format!(" (from {})", variable(section, key))
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
