//! `http-request` against servers of this machine.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use crate::world::logs;

/// A server that answers each request with what `answer` makes of it; gives its port.
fn serve(answer: fn(&str) -> String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let request = read(&mut stream);
            stream.write_all(answer(&request).as_bytes()).unwrap();
        }
    });
    port
}

fn read(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).unwrap();
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
        if read == 0 || text.find("\r\n\r\n").is_some_and(|head| request.len() >= head + 4 + length) {
            return text;
        }
    }
}

fn echo(request: &str) -> String {
    if request.starts_with("GET /old") {
        return "HTTP/1.1 302 Found\r\nLocation: /new?x=1\r\nContent-Length: 0\r\n\r\n".to_owned();
    }
    let shown: Vec<&str> =
        request.lines().filter(|line| !line.starts_with("host: ") && !line.is_empty()).collect();
    let body = shown.join("|");
    format!(
        "HTTP/1.1 418 I'm a teapot\r\nX-Two: a\r\nX-Two: b\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn requests_are_sent_and_answers_told() {
    let port = serve(echo);
    let told = logs(&format!(
        r#"
(let [url "http://127.0.0.1:{port}"
      ask (fn [request] (let [r (pt/http-request request)] (pt/log (:status r) (get (:headers r) :x-two) (:body r)) r))]
  (ask {{:url (str url "/a") :query-params {{:q "a b"}}}})
  (ask {{:url url :method :post :headers {{:x-key "k"}} :body {{:a [1 nil]}}}})
  (ask {{:url url :method "put" :body "text"}})
  (ask {{:url (str url "/old")}})
  (let [{{:keys [request-time connection-time]}} (ask {{:url (str url "/t")}})]
    (pt/log (and (int? request-time) (<= 0 connection-time request-time)))))
"#
    ));
    assert_eq!(
        told,
        r#"418 a, b GET /a?q=a%20b HTTP/1.1|user-agent: polytope
418 a, b POST / HTTP/1.1|x-key: k|content-type: application/json|user-agent: polytope|content-length: 14|{"a":[1,null]}
418 a, b PUT / HTTP/1.1|user-agent: polytope|content-length: 4|text
418 a, b GET /new?x=1 HTTP/1.1|user-agent: polytope
418 a, b GET /t HTTP/1.1|user-agent: polytope
true"#
    );
}

#[test]
fn who_cannot_be_reached_is_an_answer_and_nonsense_is_none() {
    let broken = serve(|_| "nonsense\r\n\r\n".to_owned());
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let told = logs(&format!(
        r#"
(doseq [[url timeout] [["http://127.0.0.1:{free}/" "30s"] ["http://127.0.0.1:{broken}/" "30s"] ["ftp://x/" "30s"]
                       ["https://127.0.0.1:{broken}/" "300ms"]]]
  (let [r (pt/http-request {{:url url :timeout timeout}})]
    (pt/log (pr-str (:status r)) (first (str/split (:error r) #": ")))))
(pt/http-request {{:url "not a url"}})
"#
    ));
    assert_eq!(
        told,
        format!(
            "nil cannot connect to 127.0.0.1:{free}\nnil http://127.0.0.1:{broken}/ gave no answer\nnil ftp://x/ begins with \
             neither http:// nor https://\nnil https://127.0.0.1:{broken}/ did not answer within 300ms\nfailed: pt/http-request: url: Must be \
             a URL (got \"not a url\")"
        )
    );
}
