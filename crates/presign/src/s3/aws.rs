//! The addresses of S3 at AWS: by partition, and the kinds that each region has.

use super::endpoint::{Addressing, Endpoint};
use crate::{EndpointFault, Error, v4::site::check_region};

/// A part of AWS with accounts, regions and domain names of its own.
///
/// ```
/// use presign::s3::AwsPartition;
///
/// assert_eq!(AwsPartition::of_region("cn-north-1").name(), "aws-cn");
/// assert_eq!(AwsPartition::of_region("eu-west-1").dns_suffix(), "amazonaws.com");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AwsPartition {
    /// `aws`: the regions open to everybody.
    Standard,
    /// `aws-cn`: the regions in China.
    China,
    /// `aws-us-gov`: the regions for the government of the United States.
    UsGov,
}

impl AwsPartition {
    /// The partition that a region belongs to; one that is not known counts as a standard one.
    pub fn of_region(region: &str) -> Self {
        if region.starts_with("cn-") {
            Self::China
        } else if region.starts_with("us-gov-") {
            Self::UsGov
        } else {
            Self::Standard
        }
    }

    /// The name as resource names have it (`arn:aws-cn:s3:::models`).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "aws",
            Self::China => "aws-cn",
            Self::UsGov => "aws-us-gov",
        }
    }

    /// What its host names end in.
    pub const fn dns_suffix(self) -> &'static str {
        match self {
            Self::Standard | Self::UsGov => "amazonaws.com",
            Self::China => "amazonaws.com.cn",
        }
    }

    const fn has_fips(self) -> bool {
        !matches!(self, Self::China)
    }
}

/// The kinds of address that S3 has in a region.
///
/// ```
/// use presign::s3::{AwsAddress, Endpoint};
///
/// let endpoint = Endpoint::aws_at(AwsAddress::DualStack, "eu-west-1", "models")?;
/// assert_eq!(endpoint.host(), "models.s3.dualstack.eu-west-1.amazonaws.com");
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AwsAddress {
    /// `s3.<region>`: IPv4.
    #[default]
    Standard,
    /// `s3.dualstack.<region>`: IPv4 and IPv6.
    DualStack,
    /// `s3-fips.<region>`: IPv4, with cryptography validated under FIPS 140. Only regions in the
    /// United States and Canada have it.
    Fips,
    /// `s3-fips.dualstack.<region>`: IPv4 and IPv6, with cryptography validated under FIPS 140.
    FipsDualStack,
}

impl AwsAddress {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Standard => "s3",
            Self::DualStack => "s3.dualstack",
            Self::Fips => "s3-fips",
            Self::FipsDualStack => "s3-fips.dualstack",
        }
    }

    const fn is_fips(self) -> bool {
        matches!(self, Self::Fips | Self::FipsDualStack)
    }
}

impl Endpoint {
    /// The bucket at AWS, over TLS: in virtual-host style, unless a dot in its
    /// name would not match AWS's certificate.
    ///
    /// The partitions `aws`, `aws-us-gov` and `aws-cn` are known
    /// ([`AwsPartition`]); for others use [`Endpoint::parse`].
    ///
    /// # Errors
    ///
    /// [`Error::InvalidBucket`] and [`Error::InvalidRegion`].
    pub fn aws(region: &str, bucket: &str) -> Result<Self, Error> {
        Self::aws_at(AwsAddress::Standard, region, bucket)
    }

    /// The same at another kind of address.
    ///
    /// # Errors
    ///
    /// As [`Endpoint::aws`], and [`Error::InvalidEndpoint`] for a FIPS address in China.
    pub fn aws_at(address: AwsAddress, region: &str, bucket: &str) -> Result<Self, Error> {
        check_region(region)?;
        let partition = AwsPartition::of_region(region);
        if address.is_fips() && !partition.has_fips() {
            return Err(Error::InvalidEndpoint(EndpointFault::NoFips));
        }
        let addressing = if bucket.contains('.') {
            Addressing::Path
        } else {
            Addressing::VirtualHost
        };
        let (prefix, suffix) = (address.prefix(), partition.dns_suffix());
        let url = format!("https://{prefix}.{region}.{suffix}");
        Self::parse(&url, addressing, bucket, region)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_follow_partition_kind_and_certificate() {
        use AwsAddress::{DualStack, Fips, FipsDualStack, Standard};
        // As botocore 1.44.5 has them, but for the region in the standard addresses of virtual-host
        // style, which it leaves out.
        for (region, bucket, address, url) in [
            (
                "eu-west-1",
                "models",
                Standard,
                "https://models.s3.eu-west-1.amazonaws.com/",
            ),
            (
                "eu-west-1",
                "models",
                DualStack,
                "https://models.s3.dualstack.eu-west-1.amazonaws.com/",
            ),
            (
                "us-east-1",
                "models",
                Fips,
                "https://models.s3-fips.us-east-1.amazonaws.com/",
            ),
            (
                "us-east-1",
                "my.models",
                Standard,
                "https://s3.us-east-1.amazonaws.com/my.models/",
            ),
            (
                "us-east-1",
                "my.models",
                DualStack,
                "https://s3.dualstack.us-east-1.amazonaws.com/my.models/",
            ),
            (
                "us-east-1",
                "my.models",
                Fips,
                "https://s3-fips.us-east-1.amazonaws.com/my.models/",
            ),
            (
                "ca-central-1",
                "models",
                FipsDualStack,
                "https://models.s3-fips.dualstack.ca-central-1.amazonaws.com/",
            ),
            (
                "cn-north-1",
                "models",
                Standard,
                "https://models.s3.cn-north-1.amazonaws.com.cn/",
            ),
            (
                "cn-north-1",
                "models",
                DualStack,
                "https://models.s3.dualstack.cn-north-1.amazonaws.com.cn/",
            ),
            (
                "us-gov-west-1",
                "models",
                Standard,
                "https://models.s3.us-gov-west-1.amazonaws.com/",
            ),
            (
                "us-gov-west-1",
                "models",
                Fips,
                "https://models.s3-fips.us-gov-west-1.amazonaws.com/",
            ),
            (
                "us-gov-west-1",
                "models",
                FipsDualStack,
                "https://models.s3-fips.dualstack.us-gov-west-1.amazonaws.com/",
            ),
        ] {
            let endpoint = Endpoint::aws_at(address, region, bucket).unwrap();
            assert_eq!(
                [endpoint.base_url(), endpoint.site().object_path()].concat(),
                url
            );
        }
        for address in [Fips, FipsDualStack] {
            let refused = Endpoint::aws_at(address, "cn-north-1", "models");
            assert_eq!(refused, Err(Error::InvalidEndpoint(EndpointFault::NoFips)));
        }
    }

    #[test]
    fn regions_belong_to_partitions() {
        for (region, name) in [
            ("us-east-1", "aws"),
            ("us-gov-east-1", "aws-us-gov"),
            ("cn-northwest-1", "aws-cn"),
            ("", "aws"),
        ] {
            assert_eq!(AwsPartition::of_region(region).name(), name, "{region}");
        }
    }
}
