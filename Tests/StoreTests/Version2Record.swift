import Foundation

@testable import Store

/// A record as version 0.1.0 of the proxy left it when it was killed, after it had learnt of tunnels and before its record had:
/// `sqlite3 record.db .dump`, less the seconds before the last ten.
///
/// A client with a tunnel, whose scrapes went well and badly, and of which a scrape and a CONNECT were denied; one that polled once; a name
/// that nobody has. What was asked for by CONNECT besides is nowhere.
enum Version2Record {
    /// When it last wrote.
    static let heartbeat: UnixMilliseconds = 1_795_702_492_155

    static func put(at path: String) throws { try RecordDump.put(dump, version: 2, at: path) }

    private static let dump = """
        BEGIN TRANSACTION;
        CREATE TABLE proxy (
          id INTEGER PRIMARY KEY CHECK (id = 1),
          started_ms INTEGER NOT NULL,
          heartbeat_ms INTEGER NOT NULL,
          stopped_ms INTEGER,
          version TEXT NOT NULL,
          address TEXT NOT NULL,
          pid INTEGER NOT NULL,
          registration_timeout_ms INTEGER NOT NULL,
          scrapes INTEGER NOT NULL DEFAULT 0,
          failures INTEGER NOT NULL DEFAULT 0
        , queued INTEGER NOT NULL DEFAULT 0, in_flight INTEGER NOT NULL DEFAULT 0) STRICT;
        INSERT INTO proxy VALUES(1,1795702459096,1795702492155,NULL,'0.1.0','127.0.0.1:0',25534,300000,6,5,0,0);
        CREATE TABLE client (
          id INTEGER PRIMARY KEY,
          fqdn TEXT NOT NULL UNIQUE,
          first_seen_ms INTEGER NOT NULL,
          last_seen_ms INTEGER NOT NULL,
          expires_ms INTEGER NOT NULL,
          connected INTEGER NOT NULL,
          queued INTEGER NOT NULL,
          in_flight INTEGER NOT NULL,
          scrapes INTEGER NOT NULL,
          failures INTEGER NOT NULL,
          median_duration_us INTEGER,
          last_scrape_ms INTEGER,
          last_duration_us INTEGER,
          last_status INTEGER,
          last_bytes INTEGER,
          last_failure_ms INTEGER,
          last_failure_kind TEXT,
          last_failure_text TEXT,
          instance TEXT,
          agent TEXT,
          address TEXT,
          conflict_ms INTEGER
        , name TEXT, sort_key TEXT NOT NULL DEFAULT '', polled INTEGER NOT NULL DEFAULT 1) STRICT;
        INSERT INTO client VALUES(1,'localhost',1795702477379,1795702484462,1795702784461,1,0,0,3,2,3876,1795702484442,966,502,0,1795702484442,'target_unreachable','the client could not connect to its target: failed to scrape http://localhost:1/metrics: could not connect to the target: connection refused','4eba340b4fcd86c65257024abd59296b','pushprox-client/0.1.0','127.0.0.1',NULL,NULL,'localhost',1);
        INSERT INTO client VALUES(2,'web-2',1795702477370,1795702478371,1795702778370,0,0,0,1,1,300022,1795702485083,300022,504,0,1795702485083,'no_poll','no client polled for this target before the scrape''s deadline',NULL,'upstream/1','127.0.0.1',NULL,'Web-2','web-12',1);
        INSERT INTO client VALUES(3,'nobody',1795702484470,1795702484770,1795702484770,0,0,0,1,1,300047,1795702484770,300047,504,0,1795702484770,'no_poll','no client polled for this target before the scrape''s deadline',NULL,NULL,NULL,NULL,NULL,'nobody',0);
        CREATE TABLE client_history (
          client_id INTEGER PRIMARY KEY REFERENCES client(id) ON DELETE CASCADE,
          outcomes TEXT NOT NULL,
          durations_us BLOB NOT NULL
        ) STRICT;
        INSERT INTO client_history VALUES(1,'.!u',X'de2e0000240f0000c6030000');
        INSERT INTO client_history VALUES(2,'p',X'f6930400');
        INSERT INTO client_history VALUES(3,'p',X'0f940400');
        CREATE TABLE client_failures (
          client_id INTEGER NOT NULL REFERENCES client(id) ON DELETE CASCADE,
          kind TEXT NOT NULL,
          count INTEGER NOT NULL,
          PRIMARY KEY (client_id, kind)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO client_failures VALUES(1,'target_status',1);
        INSERT INTO client_failures VALUES(1,'target_unreachable',1);
        INSERT INTO client_failures VALUES(2,'no_poll',1);
        INSERT INTO client_failures VALUES(3,'no_poll',1);
        CREATE TABLE failure (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          time_ms INTEGER NOT NULL,
          fqdn TEXT NOT NULL,
          kind TEXT NOT NULL,
          text TEXT NOT NULL,
          scrape_id TEXT NOT NULL,
          target TEXT NOT NULL,
          duration_us INTEGER NOT NULL
        , unknown INTEGER NOT NULL DEFAULT 0) STRICT;
        INSERT INTO failure VALUES(1,1795702478374,'localhost','access_denied','the access rules do not allow it: scrape, no credential, from 127.0.0.1','a293ac5e-5f23-4451-951f-ef84a44d74e5','http://localhost:45961/metrics',0,0);
        INSERT INTO failure VALUES(2,1795702478385,'localhost','access_denied','the access rules do not allow it: scrape, no credential, from 127.0.0.1','9a7c88bb-7749-45bc-833c-7fdd44332948','CONNECT localhost:45961',0,0);
        INSERT INTO failure VALUES(3,1795702484433,'localhost','target_status','the target answered 503 Service Unavailable','b2916486-f6e0-425b-854e-482423f3d402','http://localhost:45961/bad',3876,0);
        INSERT INTO failure VALUES(4,1795702484442,'localhost','target_unreachable','the client could not connect to its target: failed to scrape http://localhost:1/metrics: could not connect to the target: connection refused','39df5aef-9ecd-4fbf-bb64-3182c40836f6','http://localhost:1/metrics',966,0);
        INSERT INTO failure VALUES(5,1795702484770,'nobody','no_poll','no client polled for this target before the scrape''s deadline','ca9a4659-54ff-4264-9bce-456412a05bcb','http://Nobody:9100/metrics',300047,1);
        INSERT INTO failure VALUES(6,1795702485083,'web-2','no_poll','no client polled for this target before the scrape''s deadline','640f7311-9b3b-4cf7-a2ec-0cbcfb412909','http://web-2:9100/metrics',300022,0);
        CREATE TABLE second (
          second INTEGER PRIMARY KEY,
          queued INTEGER NOT NULL,
          in_flight INTEGER NOT NULL,
          live_clients INTEGER NOT NULL,
          scrapes INTEGER NOT NULL,
          failures INTEGER NOT NULL
        ) STRICT;
        INSERT INTO second VALUES(1795702483,0,0,2,0,0);
        INSERT INTO second VALUES(1795702484,0,0,2,0,0);
        INSERT INTO second VALUES(1795702485,0,0,2,5,4);
        INSERT INTO second VALUES(1795702486,0,0,2,0,0);
        INSERT INTO second VALUES(1795702487,0,0,2,0,0);
        INSERT INTO second VALUES(1795702488,0,0,2,0,0);
        INSERT INTO second VALUES(1795702489,0,0,2,0,0);
        INSERT INTO second VALUES(1795702490,0,0,2,0,0);
        INSERT INTO second VALUES(1795702491,0,0,2,0,0);
        INSERT INTO second VALUES(1795702492,0,0,2,0,0);
        DELETE FROM sqlite_sequence;
        INSERT INTO sqlite_sequence VALUES('failure',6);
        CREATE INDEX failure_by_fqdn ON failure (fqdn, id);
        CREATE VIEW recent_failures AS
          SELECT datetime(time_ms / 1000, 'unixepoch') AS time, fqdn, kind, text, target, scrape_id,
            duration_us / 1000 AS duration_ms
          FROM failure ORDER BY id DESC;
        CREATE INDEX client_by_sort_key ON client (sort_key);
        CREATE INDEX client_never_polled ON client (last_seen_ms) WHERE polled = 0;
        CREATE INDEX failure_of_unknown ON failure (id) WHERE unknown = 1;
        CREATE VIEW client_state AS
          SELECT client.*,
            CASE
              WHEN polled = 0 THEN 'unknown'
              WHEN connected = 1 AND in_flight > 0 THEN 'in_flight'
              WHEN connected = 1 THEN 'connected'
              WHEN expires_ms > (SELECT heartbeat_ms FROM proxy) THEN 'stale'
              ELSE 'gone'
            END AS state
          FROM client;
        CREATE VIEW live_clients AS
          SELECT fqdn, state, queued, in_flight, scrapes, failures,
            datetime(last_seen_ms / 1000, 'unixepoch') AS last_seen,
            last_failure_kind, last_failure_text
          FROM client_state WHERE state NOT IN ('gone', 'unknown') ORDER BY sort_key;
        COMMIT;
        """
}
