//! The real binary, against a real port.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use muster_api::v1::watch_findings_response::Event;
use muster_api::v1::{SnapshotEnd, SnapshotStart};
use tokio::net::TcpSocket;

use crate::fake::{Fake, State, Step};
use crate::make::{at, bookmark, bucket, complete, finding, hostile};

/// The binary, without what the environment of the test says about colours and servers.
fn command(server: &str, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "MUSTER_ACTOR", "COLUMNS"] {
        command.env_remove(name);
    }
    command.env("MUSTER_SERVER", server).env("USER", "alice").args(args);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

async fn output(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

async fn wait(mut child: Child) -> ExitStatus {
    tokio::task::spawn_blocking(move || child.wait().unwrap()).await.unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

async fn serve(state: State) -> (Fake, String) {
    let fake = Fake::new(state);
    let address = fake.listen().await;
    (fake, address)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_printed_without_colour_into_a_pipe() {
    let state =
        State { findings: vec![bucket(), hostile()], coverage: complete(), ..State::default() };
    let (fake, server) = serve(state).await;

    let ran = output(command(&server, &["ls", "--all"])).await;

    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
    assert!(text(&ran.stdout).contains("S3 bucket logs is public"));
    assert!(!ran.stdout.contains(&0x1b));
    assert_eq!(fake.state().actors, ["user:alice"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn colour_follows_the_option_and_the_environment() {
    let (_fake, server) = serve(State { findings: vec![bucket()], ..State::default() }).await;
    for (options, variable, colours) in [
        (vec!["--color", "always"], None, true),
        (vec![], Some(("CLICOLOR_FORCE", "1")), true),
        (vec![], Some(("NO_COLOR", "1")), false),
        (vec!["--color", "never"], Some(("CLICOLOR_FORCE", "1")), false),
        (vec!["--color", "always"], Some(("NO_COLOR", "1")), true),
    ] {
        let mut command = command(&server, &["ls"]);
        command.args(&options).envs(variable);

        let ran = output(command).await;

        assert_eq!(ran.stdout.contains(&0x1b), colours, "{options:?} {variable:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_exit_code_7_with_a_hint() {
    // A port that is taken, so that nobody else gets it, but not listened on.
    let taken = TcpSocket::new_v4().unwrap();
    taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let server = format!("http://{}", taken.local_addr().unwrap());

    for args in [&["ls"][..], &["get", "3kq7"], &["ack", "3kq7"], &["watch"]] {
        let ran = output(command(&server, args)).await;

        assert_eq!(ran.status.code(), Some(7), "{args:?}");
        let stderr = text(&ran.stderr);
        assert!(stderr.starts_with(&format!("error: nothing listens at {server}\n")), "{stderr}");
        assert!(stderr.contains("`musterd serve`") && stderr.contains("`musterd demo`"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_errors_are_exit_code_2() {
    for args in
        [&["ls", "--server", "http://10.0.0.1"][..], &["lst"], &[], &["ls", "--severity", "x"]]
    {
        let ran = output(command("http://127.0.0.1:1", args)).await;

        assert_eq!(ran.status.code(), Some(2), "{args:?}: {}", text(&ran.stderr));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn help_and_version_are_no_errors() {
    for args in [&["--help"][..], &["--version"], &["help", "exit-codes"], &["version"]] {
        let ran = output(command("http://127.0.0.1:1", args)).await;

        assert_eq!(ran.status.code(), Some(0), "{args:?}");
        assert!(ran.stderr.is_empty() && !ran.stdout.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_goes_away_is_no_error() {
    let findings = (0..3_000).map(bucket_number).collect();
    let (_fake, server) = serve(State { findings, ..State::default() }).await;
    let mut child = command(&server, &["ls", "-o", "jsonl"]).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut stderr = child.stderr.take().unwrap();

    let first = tokio::task::spawn_blocking(move || {
        let mut first = [0; 100];
        stdout.read_exact(&mut first).unwrap();
        first
    });
    first.await.unwrap();
    let status = wait(child).await;

    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    assert_eq!((status.code(), said.as_str()), (Some(0), ""));
}

fn bucket_number(number: u32) -> muster_api::v1::Finding {
    muster_api::v1::Finding { title: format!("bucket {number}"), ..bucket() }
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_are_piped_from_a_list_into_a_decision() {
    let findings = vec![finding("bbbb", 1), finding("cccc", 2)];
    let (fake, server) = serve(State { findings, ..State::default() }).await;
    let listed = output(command(&server, &["ls", "-o", "name"])).await;
    let mut child = command(&server, &["ack", "-", "-q"]).stdin(Stdio::piped()).spawn().unwrap();

    child.stdin.take().unwrap().write_all(&listed.stdout).unwrap();
    let status = wait(child).await;

    assert_eq!(status.code(), Some(0));
    assert_eq!(fake.state().batches[0].requests.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_a_watch_with_130() {
    let position = Some(at(5, "t5"));
    let stream = vec![
        Step::Send(Event::SnapshotStart(SnapshotStart {
            position: position.clone(),
            ..SnapshotStart::default()
        })),
        Step::Send(Event::SnapshotEnd(SnapshotEnd { position, findings_sent: 0 })),
        bookmark(5),
    ];
    let (_fake, server) = serve(State { streams: [stream].into(), ..State::default() }).await;
    let mut child = command(&server, &["watch", "-o", "jsonl"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();

    // It is watching once it has printed something.
    let read = tokio::task::spawn_blocking(move || (lines.next().unwrap().unwrap(), lines));
    let (line, _still_read) = read.await.unwrap();
    assert!(line.contains("snapshot_start"), "{line}");
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());

    assert_eq!(wait(child).await.code(), Some(130));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_is_not_applied_by_a_script_without_a_yes() {
    let (fake, server) = serve(State { findings: vec![bucket()], ..State::default() }).await;

    let ran = output(command(&server, &["done", "--severity", "critical"])).await;

    assert_eq!(ran.status.code(), Some(2));
    assert!(fake.state().batches.is_empty());
}
