//! Small networks of our own, for when the engine's supply of large ones is used up.

use std::fmt;
use std::net::Ipv4Addr;

/// Size of our networks: 64 addresses, room for some 60 containers.
const PREFIX: u8 = 26;

/// Where they are taken from: corners of the private ranges that engines, clusters and VPNs seldom use.
const GROUNDS: [Subnet; 3] = [
    Subnet { start: u32::from_be_bytes([10, 213, 0, 0]), prefix: 16 },
    Subnet { start: u32::from_be_bytes([192, 168, 208, 0]), prefix: 20 },
    Subnet { start: u32::from_be_bytes([172, 31, 192, 0]), prefix: 18 },
];

/// A range of addresses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Subnet {
    start: u32,
    prefix: u8,
}

impl Subnet {
    /// Reads `172.17.0.0/16`; nothing for other families.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        Self::new(u32::from(address.parse::<Ipv4Addr>().ok()?), prefix.parse().ok()?)
    }

    fn new(address: u32, prefix: u8) -> Option<Self> {
        let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
        (prefix <= 32).then_some(Self { start: address & mask, prefix })
    }

    /// First and last address, wide enough to count past the end.
    fn bounds(self) -> (u64, u64) {
        let start = u64::from(self.start);
        (start, start + (1u64 << (32 - self.prefix)) - 1)
    }

    fn overlaps(self, other: Self) -> bool {
        let (start, end) = self.bounds();
        let (other_start, other_end) = other.bounds();
        start <= other_end && other_start <= end
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from(self.start), self.prefix)
    }
}

impl fmt::Debug for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Subnets that overlap with none of `taken`.
pub(super) fn free(taken: &[Subnet]) -> impl Iterator<Item = Subnet> + '_ {
    GROUNDS
        .into_iter()
        .flat_map(|ground| {
            (0..1u32 << (PREFIX - ground.prefix))
                .map(move |n| Subnet { start: ground.start + (n << (32 - PREFIX)), prefix: PREFIX })
        })
        .filter(|subnet| !taken.iter().any(|taken| taken.overlaps(*subnet)))
}

/// Destinations in the kernel's table `/proc/net/route`, VPNs among them. The default route covers everything and means
/// nothing.
pub(super) fn routes(table: &str) -> Vec<Subnet> {
    let hex = |field: &str| u32::from_str_radix(field, 16).ok().map(u32::swap_bytes);
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (destination, mask) = (hex(fields.get(1)?)?, hex(fields.get(7)?)?);
            let prefix = u8::try_from(mask.count_ones()).ok().filter(|prefix| *prefix > 0)?;
            Subnet::new(destination, prefix)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_subnets_keep_clear_of_what_is_taken() {
        let taken =
            |texts: &[&str]| texts.iter().map(|text| Subnet::parse(text).unwrap()).collect::<Vec<_>>();
        let first = |texts: &[&str]| free(&taken(texts)).next().map(|subnet| subnet.to_string());
        assert_eq!(first(&["172.17.0.0/16"]).as_deref(), Some("10.213.0.0/26"));
        assert_eq!(first(&["10.213.0.0/24"]).as_deref(), Some("10.213.1.0/26"));
        assert_eq!(first(&["10.0.0.0/8"]).as_deref(), Some("192.168.208.0/26"), "a VPN over all of 10");
        assert_eq!(first(&["10.0.0.0/8", "192.168.0.0/16", "172.16.0.0/12"]), None);
        assert_eq!(free(&[]).count(), 1024 + 64 + 256);
        assert_eq!(Subnet::parse("fd00::/64"), None);
    }

    #[test]
    fn routes_are_read_as_the_kernel_writes_them() {
        let table = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n\
                     eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
                     tun0\t0000100A\t00000000\t0001\t0\t0\t0\t0000F0FF\t0\t0\t0\n";
        assert_eq!(routes(table), [Subnet::parse("10.16.0.0/12").unwrap()]);
    }
}
