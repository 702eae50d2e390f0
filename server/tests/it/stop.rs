use muster_client::{ReconnectCause, WatchEvent, WatchOptions};
use muster_testkit::documents::bulk::generate_asff;

use crate::process::{PATIENCE, Server, emulator, scope, serve, stderr};

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_streams_with_a_cursor_and_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let emulator = emulator().await;
    let documents = generate_asff(30, 1, jiff::Timestamp::now());
    emulator.with_world(|world| world.load_asff(&scope(), documents)).unwrap();
    let server = Server::start(serve(directory.path(), emulator.url()));
    let options = WatchOptions { snapshot: false, ..WatchOptions::default() };
    let mut watch = server.client().watch(options);
    let mut covered = 0;
    while covered < 30 {
        match tokio::time::timeout(PATIENCE, watch.next()).await.unwrap().unwrap() {
            WatchEvent::Changes { through_revision, .. } => covered = through_revision,
            WatchEvent::Bookmark(bookmark) => covered = bookmark.position.unwrap().revision,
            _ => {}
        }
    }

    let ended = tokio::task::spawn_blocking(move || server.terminate());
    let event = loop {
        let event = tokio::time::timeout(PATIENCE, watch.next()).await.unwrap().unwrap();
        if let WatchEvent::Reconnecting { cause, .. } = event {
            break cause;
        }
    };

    assert!(matches!(event, ReconnectCause::GoAway { .. }), "{event:?}");
    assert!(ended.await.unwrap().success());
    // The same store, another process: the cursor goes on where it was.
    let server = Server::start(serve(directory.path(), emulator.url()));
    let cursor = watch.cursor().map(str::to_owned);
    let options = WatchOptions { cursor, ..WatchOptions::default() };
    let mut again = server.client().watch(options);
    loop {
        match tokio::time::timeout(PATIENCE, again.next()).await.unwrap().unwrap() {
            WatchEvent::Bookmark(bookmark) => {
                assert!(bookmark.position.unwrap().revision >= 30);
                break;
            }
            WatchEvent::Changes { after_revision, .. } => {
                assert!(after_revision >= 30);
                break;
            }
            WatchEvent::Restarting { reason } => panic!("the cursor was lost: {reason:?}"),
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_data_directory_is_told_so() {
    let directory = tempfile::tempdir().unwrap();
    let emulator = emulator().await;
    let _first = Server::start(serve(directory.path(), emulator.url()));

    let second = serve(directory.path(), emulator.url()).output().unwrap();

    assert_eq!(second.status.code(), Some(1));
    assert!(stderr(&second).contains("in use by another musterd"), "{}", stderr(&second));
}
