//! `signet doctor`: what could keep this machine from working with the server.

use crate::arguments::Global;
use crate::output::Output;
use anyhow::bail;
use serde::Serialize;

#[derive(Serialize)]
struct Finding {
    check: &'static str,
    ok: bool,
    detail: String,
}

/// Runs every check, and fails when one does.
pub(super) async fn run(global: &Global, output: Output) -> anyhow::Result<()> {
    let mut findings = Vec::new();
    let mut note = |check, result: Result<String, String>| {
        let ok = result.is_ok();
        findings.push(Finding {
            check,
            ok,
            detail: result.unwrap_or_else(|error| error),
        });
        ok
    };
    let server = super::server(global).map_err(|error| format!("{error:#}"));
    let named = note("server", server.clone());
    if named
        && note(
            "token",
            super::api(global)
                .map(|_| "found".to_owned())
                .map_err(|error| format!("{error:#}")),
        )
    {
        let api = super::api(global)?;
        let ready = api
            .ready()
            .await
            .map(|()| "answers and is ready".to_owned());
        if note("ready", ready.map_err(|error| error.to_string())) {
            let me = api
                .me()
                .await
                .map(|me| format!("signed in as {}", me.principal.name));
            note("signed in", me.map_err(|error| error.to_string()));
        }
    }
    output.rows(["CHECK", "", "DETAIL"], &findings, |finding| {
        [
            finding.check.to_owned(),
            if finding.ok { "ok" } else { "FAILED" }.to_owned(),
            finding.detail.clone(),
        ]
    });
    if findings.iter().all(|finding| finding.ok) {
        Ok(())
    } else {
        bail!("a check failed")
    }
}
