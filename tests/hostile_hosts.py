"""Ways to write an address so that a guard and the client behind it read it differently, or that lead inside a network.

Sources of the forms: the WHATWG URL standard's IPv4 parser, RFC 3986 section 7, the IANA registries of special-purpose
addresses, the metadata addresses that cloud providers document, and two reports on DID resolvers
(agentcommercekit/ack#223, swiyu-issuer#393).
"""

# ruff: noqa: S104 -- nothing is bound to these addresses: they are to be refused

NUMBERS = [
    "127.0.0.1", "127.1", "127.0.1", "0", "0.0.0.0", "00", "2130706433", "0x7f000001", "0X7F000001", "0x7f.0.0.1",
    "0x7f.1", "0177.0.0.1", "017700000001", "127.000.000.001", "127.0.0.1.", "127.0.0.1..", "127.0.0.0x1", "0x",
    "good.edu.0x7f", "good.edu.1", "1.1.1.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.100.100.200",
    "169.254.169.254", "0xa9fea9fe", "2852039166", "169.254.43518", "0251.0376.0251.0376", "192.0.0.192",
    "168.63.129.16", "224.0.0.1", "255.255.255.255",
    "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:0:127.0.0.1]",
    "[::127.0.0.1]", "[fe80::1]", "[fe80::1%25eth0]", "[fe80::1%eth0]", "[fc00::1]", "[fd00:ec2::254]",
    "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[2001:0:4136:e378:8000:63bf:80ff:fffe]", "[ff02::1]", "::1", "[::1",
    "[::1].good.edu", "[v1.x]", "[2606:4700::1111]",
]  # fmt: skip
NAMES = [
    "localhost", "LOCALHOST", "localhost.", "good.localhost", "metadata.google.internal", "metadata", "intranet",
    "printer.local", "router.home.arpa", "hidden.onion", "host.test", "a.invalid", "good.edu.", "good..edu",
    ".good.edu", "-good.edu", "good-.edu", "xn--.edu", "good_host.edu", "good edu", "good.edu\t", "good\n.edu",
    "a" * 64 + ".edu", "a." * 126 + "edu", "", ".", "*", "good.edu\\.evil.edu", "good,edu", "good.edu;evil.edu",
]  # fmt: skip
HIDDEN = [
    "good.edu@127.0.0.1", "good.edu:443@evil.edu", "user:pass@good.edu", "@good.edu", "good.edu%40evil.edu",
    "good.edu%2eevil.edu", "%6c%6f%63%61lhost", "127%2e0.0.1", "127.0.0.1%00.good.edu", "good.edu%2F.evil.edu",
    "good.edu%3A80", "good.edu\\@evil.edu", "good.edu\\evil",
]  # fmt: skip
LETTERS = [
    "\uff11\uff12\uff17.\uff10.\uff10.\uff11", "\u2460\u2461\u2466.\u24ea.\u24ea.\u2460", "\u24dbocalhost",
    "127\u30020\u30020\u30021", "good\u3002edu", "g\u043e\u043ed.edu", "good\u00ad.edu", "good\u200b.edu",
    "\ufb00.edu", "\u00df.edu", "m\u00fcnchen.edu", "good\u202e.edu", "\u212a.edu",
]  # fmt: skip
PORTS = [
    "good.edu:", "good.edu:0", "good.edu:0443", "good.edu:22", "good.edu:80", "good.edu:8443", "good.edu:65536",
    "good.edu:99999", "good.edu:443:443", "good.edu:-1", "good.edu:+443", "good.edu:4 43",
    "good.edu:\uff14\uff14\uff13",
]  # fmt: skip

AUTHORITIES = [*NUMBERS, *NAMES, *HIDDEN, *LETTERS, *PORTS]
"""What may stand between `https://` and the path, and leads nowhere."""

URLS = [
    "http://good.edu/", "HTTP://good.edu/", "ftp://good.edu/", "file:///etc/passwd", "gopher://good.edu:443/",
    "data:text/plain,x", "javascript:alert(1)", "unix:///run/x.sock", "jar:https://good.edu!/", "ws://good.edu/",
    "wss://good.edu/", "https:good.edu", "https:/good.edu", "https:\\\\good.edu\\", "//good.edu/", "good.edu", "",
    "https://", "https:///good.edu/", " https://good.edu/", "https://good.edu/ ", "https://good.edu/a b",
    "https://good.edu/\r\nHost: evil.edu", "https://good.edu/%0d%0aHost:%20evil.edu", "https://good.edu/%00",
    "https://good.edu/%7F", "https://good.edu/%", "https://good.edu/%zz", "https://good.edu/../x",
    "https://good.edu/./x", "https://good.edu/%2e%2E/x", "https://good.edu/a/..", "https://good.edu/.%2e",
    "https://good.edu/\\..\\x", "https://good.edu/x#y", "https://good.edu#@evil.edu", "https://good.edu/x#",
    "https://good.edu/<x>", "https://good.edu/\u0105", "https://good.edu/" + "a" * 2048, "https://good.edu/\x00",
    "https://good.edu/?a=\x7f", "https://good.edu/?a=%0A", "https://good.edu\n/", "https://good.edu/?x[]=1",
]  # fmt: skip

ADDRESSES = {
    "127.0.0.1": "loopback", "127.255.255.254": "loopback", "0.0.0.0": "this machine", "0.1.2.3": "this machine",
    "10.0.0.0": "private", "10.255.255.255": "private", "172.16.0.0": "private", "172.31.255.255": "private",
    "192.168.0.1": "private", "100.64.0.0": "carrier's shared", "100.127.255.255": "carrier's shared",
    "100.100.100.200": "carrier's shared", "169.254.0.1": "link-local", "169.254.169.254": "link-local",
    "169.254.170.2": "link-local", "168.63.129.16": "cloud metadata", "192.0.0.192": "protocol",
    "192.0.2.1": "documentation", "198.51.100.7": "documentation", "203.0.113.9": "documentation",
    "192.88.99.1": "6to4 relay", "198.18.0.1": "benchmark", "198.19.255.255": "benchmark", "224.0.0.1": "multicast",
    "239.255.255.255": "multicast", "240.0.0.1": "reserved", "255.255.255.255": "reserved",
    "::1": "loopback", "::": "private or reserved", "::2": "private or reserved",
    "::ffff:127.0.0.1": "private or reserved", "::ffff:8.8.8.8": "private or reserved",
    "::ffff:0:127.0.0.1": "private or reserved", "::127.0.0.1": "private or reserved", "fe80::1": "link-local",
    "febf::1": "link-local", "fec0::1": "private or reserved", "fc00::1": "private or reserved",
    "fd00:ec2::254": "private or reserved", "fd20:ce::254": "private or reserved", "ff02::1": "multicast",
    "ff0e::1": "multicast", "100::1": "private or reserved", "64:ff9b::7f00:1": "loopback",
    "64:ff9b::a9fe:a9fe": "link-local", "64:ff9b::a00:1": "private", "64:ff9b:1::1": "private or reserved",
    "5f00::1": "private or reserved", "2001::1": "Teredo", "2001:0:4136:e378:8000:63bf:80ff:fffe": "Teredo",
    "2001:2::1": "protocol", "2001:20::1": "protocol", "2001:1ff:ffff::1": "protocol",
    "2001:db8::1": "documentation", "3fff::1": "documentation", "2002:7f00:1::1": "6to4", "2002:808:808::1": "6to4",
    "4000::1": "private or reserved",
}  # fmt: skip
"""Addresses that nobody is led to, and what each is for."""

PUBLIC = [
    "8.8.8.8", "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
    "128.0.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0", "198.17.255.255",
    "198.20.0.0", "223.255.255.255", "168.63.129.15", "168.63.129.17", "2001:200::1", "2001:4860:4860::8888",
    "2606:4700:4700::1111", "2a00:1450:4001::1", "3ffe::1", "64:ff9b::808:808",
]  # fmt: skip
