//! Keys that others normalise, and paths that try to leave their key.

use super::*;

const ODD_KEYS: [&str; 14] = [
    "a b",
    "a+b",
    "a%b",
    "a%2Fb",
    "a%20b",
    "ü/\u{1F980}",
    "u\u{308}",
    "a//b",
    "a/",
    "a?b",
    "a#b",
    "a&b=c;d",
    "a'()*!~$,:@",
    ".hidden",
];

#[test]
fn odd_keys_are_written_read_and_deleted() {
    let Some(store) = SeaweedFs::find() else {
        return;
    };
    check(&store, |table| {
        for odd in ODD_KEYS {
            let key = format!("presign/odd/{odd}");
            // A key that ends in a slash is a folder to SeaweedFS, which has no content.
            let body = if odd.ends_with('/') { "" } else { odd };
            let put = store.put(&key).with_body(body);
            table.row(&format!("PUT {odd}"), &put, "200", OK);
            let reply = table.row(&format!("GET {odd}"), &store.get(&key), "200", OK);
            assert_eq!(reply.body, body.as_bytes(), "{odd}");
        }
        for odd in ODD_KEYS {
            let key = format!("presign/odd/{odd}");
            let delete = store.sign(&Request::new(Method::Delete, Target::Object(&key)));
            table.row(&format!("DELETE {odd}"), &delete, "204", OK);
        }
    });
}

#[test]
fn a_path_cannot_leave_its_key() {
    let Some(store) = SeaweedFs::find() else {
        return;
    };
    let key = "presign/traversal/a/weights.bin";
    store.make(key);
    store.make("presign/traversal/weights.bin");
    let get = store.get(key);
    let other = &store.other().name;
    let up = "../".repeat(4);
    check(&store, |table| {
        // SeaweedFS has no keys with dots for a segment, whoever signs them.
        for (what, old, new, verdict) in [
            ("a segment up", "a/w", "a/../w", "400"),
            ("a segment up and down", "a/w", "a/../a/w", "400"),
            ("escaped dots", "a/w", "a/%2e%2e/w", "400"),
            ("an escaped slash behind dots", "a/w", "a/..%2Fw", "400"),
            ("the same segment", "a/w", "a/./w", "400"),
            ("a zero byte", ".bin", ".bin%00", "400"),
            ("a slash at the start", "/", "//", "405"),
            ("a slash more", "a/w", "a//w", MISMATCH),
            ("a slash less", "a/w", "aw", MISMATCH),
            ("a slash at the end", ".bin", ".bin/", MISMATCH),
            ("an escape escaped", "a/w", "a%252Fw", MISMATCH),
            ("another letter's case", "a/w", "A/w", MISMATCH),
        ] {
            let sent = get.with_in_path(old, new);
            table.changed(what, &get, &sent, verdict, MISMATCH);
        }
        let sent = get.with_in_path("weights.bin", &format!("{up}{other}/weights.bin"));
        table.changed("up to another bucket", &get, &sent, "400", MISMATCH);
        let signed = store.get("presign/traversal/a/../weights.bin");
        table.row("a segment up that is signed", &signed, "400", OK);
    });
}
