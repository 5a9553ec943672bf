//! Addresses in URLs and as the targets of tunnels (RFC 3986 §3.2.2), and the credentials before them.

use std::net::Ipv6Addr;

use sansock::Url;

/// What is between the brackets of a URL is taken if the standard library takes it.
#[test]
fn section_3_2_2_ipv6_addresses_of_every_shape() {
    let groups = [
        "",
        "1",
        "abcd",
        "12345",
        "g",
        "1.2.3.4",
        "1.2.3",
        "1.2.3.4.5",
        "1.2..4",
        "1.2.3.1234",
        "1.2.3.256",
        "01.2.3.4",
    ];
    let mut texts: Vec<String> = groups.iter().map(|group| (*group).to_owned()).collect();
    for _ in 0..2 {
        let longer = texts.iter().flat_map(|text| groups.map(|group| format!("{text}:{group}"))).collect::<Vec<_>>();
        texts.extend(longer);
        texts.sort();
        texts.dedup();
    }
    let whole = ["", "1:2:3:4:5:", "1:2:3:4:5:6:", "1:2:3:4:5:6:7:", "1::", "::"];
    let (mut good, mut bad) = (0, 0);
    for text in whole.iter().flat_map(|start| texts.iter().map(move |text| format!("{start}{text}"))) {
        let expected = text.parse::<Ipv6Addr>().is_ok();
        let url = Url::parse(&format!("ws://[{text}]/"));
        assert_eq!(url.is_ok(), expected, "{text}");
        if let Ok(url) = url {
            assert_eq!((url.host, url.authority), (text.clone(), format!("[{text}]")));
        }
        *(if expected { &mut good } else { &mut bad }) += 1;
    }
    assert!(good > 50 && bad > 5000, "{good} good ones and {bad} bad ones");
}

/// RFC 7617 §2: neither a user name nor a password has control characters, however they are written.
#[test]
fn credentials_of_a_url_have_no_control_characters() {
    for byte in 0..=u8::MAX {
        for userinfo in [format!("a%{byte:02x}"), format!("a:b%{byte:02x}"), format!("%{byte:02X}:b")] {
            // A colon would end the name (RFC 7617 §2).
            let in_name = !userinfo.starts_with("a:");
            let expected = !(byte.is_ascii_control() || byte == b':' && in_name);
            assert_eq!(Url::parse(&format!("ws://{userinfo}@h/")).is_ok(), expected, "{userinfo}");
        }
    }
    assert!(Url::parse("ws://a b@h/").is_err());
}

/// RFC 1928 §5: an address goes to the proxy as its bytes, and a name as it is.
#[cfg(feature = "tunnel")]
#[test]
fn a_tunnel_asks_for_the_bytes_of_an_address() {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use sansock::{Proxy, Tunnel, TunnelConfig};

    let asked = |host: &str| {
        let proxy = Proxy::parse("socks5h://proxy.example").unwrap();
        let config = TunnelConfig::new(&proxy, host, 443).unwrap();
        let mut tunnel = Tunnel::new(&config, Duration::ZERO).unwrap();
        tunnel.written(tunnel.output().len()).unwrap();
        assert_eq!(tunnel.receive(&[5, 0], Duration::ZERO).events.count(), 0);
        let (head, rest) = tunnel.output().split_at(4);
        assert_eq!(head[..3], [5, 1, 0]);
        let (address, port) = rest.split_at(rest.len() - 2);
        assert_eq!(port, 443_u16.to_be_bytes());
        (head[3], address.to_vec())
    };
    for text in [
        "::",
        "::1",
        "1::",
        "1:2:3:4:5:6:7:8",
        "::ffff:192.0.2.128",
        "1:2:3:4:5:6:1.2.3.4",
        "64:ff9b::1.2.3.4",
        "1:2::7:8",
        "1:2:3:4:5:6:7::",
    ] {
        let address: Ipv6Addr = text.parse().unwrap();
        assert_eq!(asked(text), (4, address.octets().to_vec()), "{text}");
        assert_eq!(asked(&format!("[{text}]")), (4, address.octets().to_vec()), "{text}");
    }
    for text in ["127.0.0.1", "0.0.0.0", "255.255.255.255", "1.20.255.0"] {
        let address: Ipv4Addr = text.parse().unwrap();
        assert_eq!(asked(text), (1, address.octets().to_vec()), "{text}");
    }
    for text in ["256.1.1.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2..4", "1.2.3.1234", "1.2.3.4a", "example.com"] {
        let name = [&[text.len() as u8], text.as_bytes()].concat();
        assert_eq!(asked(text), (3, name), "{text} is a name");
    }
}
