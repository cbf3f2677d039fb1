//! Our addresses, as we and as others see them.

use std::net::{IpAddr, SocketAddr};

use str0m::{Candidate, net::TcpType};

use super::OfferError;

/// Where browsers may find us.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    hosts: Vec<SocketAddr>,
    /// Addresses that a translator in front of us has, with the address of ours behind it: told by people or by the
    /// machine's provider for TCP and UDP, and found by STUN for UDP.
    told: Vec<(SocketAddr, SocketAddr)>,
    found: Vec<(SocketAddr, SocketAddr)>,
    /// What a TURN server lends us, with the address of ours by which it is reached.
    lent: Option<(SocketAddr, SocketAddr)>,
}

impl Reach {
    /// Our own addresses.
    pub fn new(hosts: Vec<SocketAddr>) -> Self {
        Self { hosts, ..Self::default() }
    }

    /// Our own addresses.
    pub fn hosts(&self) -> &[SocketAddr] {
        &self.hosts
    }

    /// Others reach us by this address and port, TCP and UDP; a port of 0 is our own. Where we have the address
    /// ourselves, nothing changes.
    pub fn told(&mut self, outer: SocketAddr) {
        let same_kind = |host: &&SocketAddr| host.is_ipv4() == outer.is_ipv4() && !host.ip().is_loopback();
        let first = self
            .hosts
            .iter()
            .find(same_kind)
            .or_else(|| self.hosts.iter().find(|host| host.is_ipv4() == outer.is_ipv4()));
        let Some(base) = first.copied() else { return };
        let port = if outer.port() == 0 { base.port() } else { outer.port() };
        let outer = SocketAddr::new(outer.ip(), port);
        if !self.hosts.contains(&outer) && !self.told.iter().any(|(known, _)| *known == outer) {
            self.told.push((outer, base));
        }
    }

    /// Others see what we send from `base` come from `outer`.
    pub fn found(&mut self, outer: SocketAddr, base: SocketAddr) {
        self.found.retain(|(_, known)| *known != base);
        if outer != base && !forbidden(outer.ip()) {
            self.found.push((outer, base));
        }
    }

    /// A TURN server lends us `address`, over `base` of ours. It takes the place of the one before.
    pub fn lent(&mut self, address: SocketAddr, base: SocketAddr) {
        self.lent = Some((address, base));
    }

    /// An address is lent to us no more.
    pub fn given_back(&mut self, address: SocketAddr) {
        self.lent.take_if(|(lent, _)| *lent == address);
    }

    /// What is offered to a browser.
    pub(super) fn candidates(&self) -> Result<Vec<Candidate>, OfferError> {
        let mut all = Vec::new();
        for host in &self.hosts {
            let bad = |_| OfferError::Candidate(*host);
            all.push(Candidate::host(*host, "udp").map_err(bad)?);
            all.push(Candidate::builder().tcp().host(*host).tcptype(TcpType::Passive).build().map_err(bad)?);
        }
        for (outer, base) in &self.told {
            let bad = |_| OfferError::Candidate(*outer);
            let tcp = Candidate::builder().tcp().server_reflexive(*outer, *base).tcptype(TcpType::Passive);
            all.push(Candidate::server_reflexive(*outer, *base, "udp").map_err(bad)?);
            all.push(tcp.build().map_err(bad)?);
        }
        for (outer, base) in self.found.iter().filter(|found| !self.told.contains(found)) {
            let candidate = Candidate::server_reflexive(*outer, *base, "udp");
            all.push(candidate.map_err(|_| OfferError::Candidate(*outer))?);
        }
        if let Some((address, base)) = self.lent {
            all.push(Candidate::relayed(address, base, "udp").map_err(|_| OfferError::Candidate(address))?);
        }
        Ok(all)
    }
}

/// What no honest server of STUN tells.
fn forbidden(ip: IpAddr) -> bool {
    ip.is_unspecified() || ip.is_multicast() || ip.is_loopback()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn offered(reach: &Reach) -> Vec<String> {
        let shown = |candidate: &Candidate| {
            let sdp = candidate.to_sdp_string();
            let fields: Vec<&str> = sdp.split(' ').collect();
            format!("{} {}:{} {}", fields[2], fields[4], fields[5], fields[7])
        };
        reach.candidates().unwrap().iter().map(shown).collect()
    }

    #[test]
    fn own_addresses_come_with_those_that_others_see() {
        let mut reach =
            Reach::new(vec![address("127.0.0.1:8080"), address("10.0.0.2:8080"), address("[fd00::2]:8080")]);
        assert_eq!(
            offered(&reach),
            [
                "udp 127.0.0.1:8080 host",
                "tcp 127.0.0.1:8080 host",
                "udp 10.0.0.2:8080 host",
                "tcp 10.0.0.2:8080 host",
                "udp fd00::2:8080 host",
                "tcp fd00::2:8080 host",
            ]
        );
        reach.told(address("198.51.100.7:0"));
        reach.told(address("[2001:db8::7]:9000"));
        reach.told(address("198.51.100.7:8080"));
        reach.told(address("10.0.0.2:0"));
        assert_eq!(
            offered(&reach)[6..],
            [
                "udp 198.51.100.7:8080 srflx",
                "tcp 198.51.100.7:8080 srflx",
                "udp 2001:db8::7:9000 srflx",
                "tcp 2001:db8::7:9000 srflx",
            ]
        );
    }

    #[test]
    fn what_stun_finds_replaces_what_it_found_before() {
        let base = address("10.0.0.2:8080");
        let mut reach = Reach::new(vec![base]);
        for (outer, expected) in [
            ("198.51.100.7:61000", &["udp 198.51.100.7:61000 srflx"][..]),
            ("198.51.100.7:61001", &["udp 198.51.100.7:61001 srflx"]),
            ("127.0.0.1:1", &[]),
            ("0.0.0.0:1", &[]),
            ("10.0.0.2:8080", &[]),
        ] {
            reach.found(address(outer), base);
            assert_eq!(offered(&reach)[2..], *expected, "{outer}");
        }
        reach.told(address("198.51.100.7:0"));
        reach.found(address("198.51.100.7:8080"), base);
        assert_eq!(offered(&reach).len(), 4, "told and found are one");
        reach.told(address("[2001:db8::7]:1"));
        assert_eq!(offered(&reach).len(), 4, "no address of ours is behind it");
    }

    #[test]
    fn what_is_lent_is_offered_until_it_is_given_back() {
        let base = address("10.0.0.2:8080");
        let mut reach = Reach::new(vec![base]);
        let lent = ["203.0.113.9:49160", "203.0.113.9:49161"].map(address);
        for lent in lent {
            reach.lent(lent, address("10.0.0.2:40000"));
            assert_eq!(offered(&reach)[2..], [format!("udp {lent} relay")]);
        }
        reach.given_back(lent[0]);
        assert_eq!(offered(&reach).len(), 3, "another is lent meanwhile");
        reach.given_back(lent[1]);
        assert_eq!(offered(&reach).len(), 2);
    }
}
