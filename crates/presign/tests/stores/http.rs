//! An HTTP/1.1 client that sends what it is given, where others would normalise it.

use std::{
    fs::File,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    sync::Arc,
    time::Duration,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};

use crate::sending::Sending;

const TIMEOUT: Duration = Duration::from_secs(30);

/// Where requests go, whatever their `Host` says.
#[derive(Clone)]
pub(crate) struct Server {
    /// Host and port.
    address: String,
    tls: Option<Arc<ClientConfig>>,
}

impl Server {
    /// Takes the server's URL; what follows the port is ignored.
    pub(crate) fn new(url: &str) -> Self {
        let (_, rest) = url.split_once("://").unwrap();
        Self {
            address: rest.split('/').next().unwrap().to_owned(),
            tls: None,
        }
    }

    /// Speaks TLS, and trusts this certificate alone.
    pub(crate) fn with_certificate(self, pem: &Path) -> Self {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_reader(File::open(pem).unwrap()).unwrap();
        roots.add(certificate).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            tls: Some(Arc::new(config)),
            ..self
        }
    }

    /// Host and port, as the `Host` header has them.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn is_https(&self) -> bool {
        self.tls.is_some()
    }

    pub(crate) fn send(&self, sending: &Sending) -> Reply {
        let socket = TcpStream::connect(&self.address).unwrap();
        socket.set_read_timeout(Some(TIMEOUT)).unwrap();
        socket.set_write_timeout(Some(TIMEOUT)).unwrap();
        match &self.tls {
            None => exchange(socket, sending),
            Some(config) => {
                let (host, _) = self.address.split_once(':').unwrap();
                let name = ServerName::try_from(host.to_owned()).unwrap();
                let connection = ClientConnection::new(Arc::clone(config), name).unwrap();
                exchange(StreamOwned::new(connection, socket), sending)
            }
        }
    }
}

fn exchange(mut stream: impl Read + Write, sending: &Sending) -> Reply {
    let Sending { wire, body } = sending;
    let mut request = Vec::new();
    let target = format!("{}?{}", wire.path, wire.query);
    write!(request, "{} {target} HTTP/1.1\r\n", wire.method).unwrap();
    for (name, value) in &wire.headers {
        write!(request, "{name}: {value}\r\n").unwrap();
    }
    let has_length = wire
        .headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    if !has_length && wire.method != "GET" && wire.method != "HEAD" {
        write!(request, "Content-Length: {}\r\n", body.len()).unwrap();
    }
    request.extend_from_slice(b"Connection: close\r\n\r\n");
    request.extend_from_slice(body);
    stream.write_all(&request).unwrap();
    stream.flush().unwrap();
    let mut reply = Vec::new();
    // Servers that close without a farewell, as TLS would have it, have yet said all there is
    let end = stream.read_to_end(&mut reply);
    Reply::parse(&reply).unwrap_or_else(|| panic!("no reply to {wire:?}: {end:?}"))
}

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = str::from_utf8(bytes.get(..end)?).ok()?;
        let rest = bytes.get(end + 4..)?;
        let (first, lines) = head.split_once("\r\n")?;
        let status = first.split(' ').nth(1)?.parse().ok()?;
        if status == 100 {
            return Self::parse(rest);
        }
        let headers = lines
            .split("\r\n")
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut reply = Self {
            status,
            headers,
            body: rest.to_owned(),
        };
        if reply.header("transfer-encoding") == Some("chunked") {
            reply.body = join_chunks(rest)?;
        }
        Some(reply)
    }

    /// The value of the header of this lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The text of the first XML element of this name.
    pub(crate) fn element(&self, name: &str) -> Option<String> {
        let text = self.text();
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        let (inner, _) = rest.split_once(&format!("</{name}>"))?;
        Some(inner.to_owned())
    }

    /// The status, and the store's error code if there is one.
    pub(crate) fn verdict(&self) -> String {
        let code = match self.header("x-ms-error-code") {
            Some(code) => Some(code.to_owned()),
            None => self.element("Code"),
        };
        match code {
            Some(code) => format!("{} {code}", self.status),
            None => self.status.to_string(),
        }
    }
}

fn join_chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut joined = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        let length = usize::from_str_radix(str::from_utf8(rest.get(..end)?).ok()?, 16).ok()?;
        let chunk = rest.get(end + 2..)?;
        if length == 0 {
            return Some(joined);
        }
        joined.extend_from_slice(chunk.get(..length)?);
        rest = chunk.get(length + 2..)?;
    }
}
