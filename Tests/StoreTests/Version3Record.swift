import Foundation

@testable import Store

/// A record as version 0.1.0 of the proxy left it when it was killed, before it kept what clients say of themselves:
/// `sqlite3 record.db .dump`, less the seconds before the last ten.
///
/// A client with a tunnel, whose scrapes went well and badly and through which a connection went; one that polled once; a name that nobody has.
enum Version3Record {
    /// When it last wrote.
    static let heartbeat: UnixMilliseconds = 1_795_704_835_531

    static func put(at path: String) throws { try RecordDump.put(dump, version: 3, at: path) }

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
        , queued INTEGER NOT NULL DEFAULT 0, in_flight INTEGER NOT NULL DEFAULT 0, connections INTEGER NOT NULL DEFAULT 0, connections_opened INTEGER NOT NULL DEFAULT 0, connections_failed INTEGER NOT NULL DEFAULT 0, connection_bytes_to_target INTEGER NOT NULL DEFAULT 0, connection_bytes_to_scraper INTEGER NOT NULL DEFAULT 0) STRICT;
        INSERT INTO proxy VALUES(1,1795704826496,1795704835531,NULL,'0.1.0','127.0.0.1:0',25904,300000,4,3,0,0,0,1,0,86,217);
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
        , name TEXT, sort_key TEXT NOT NULL DEFAULT '', polled INTEGER NOT NULL DEFAULT 1, transport TEXT, round_trip_us INTEGER, connections INTEGER NOT NULL DEFAULT 0, connections_opened INTEGER NOT NULL DEFAULT 0, connections_failed INTEGER NOT NULL DEFAULT 0, connection_bytes_to_target INTEGER NOT NULL DEFAULT 0, connection_bytes_to_scraper INTEGER NOT NULL DEFAULT 0, last_connection_ms INTEGER) STRICT;
        INSERT INTO client VALUES(1,'localhost',1795704828509,1795704831550,1795705131549,1,0,0,3,2,7617,1795704831534,1929,502,0,1795704831534,'target_unreachable','the client could not connect to its target: failed to scrape http://LocalHost:1/: could not connect to the target: connection refused','d524638bb137ed210913aa5b15403560','pushprox-client/0.1.0','127.0.0.1',NULL,'LocalHost','localhost',1,'tunnel',580,0,1,0,86,217,1795704831550);
        INSERT INTO client VALUES(2,'web-2',1795704830488,1795704832489,1795705132488,0,0,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'curl/7.88.1','127.0.0.1',NULL,'Web-2','web-12',1,'poll',NULL,0,0,0,0,0,NULL);
        INSERT INTO client VALUES(3,'nobody',1795704831572,1795704832572,1795704832572,0,0,0,1,1,999990,1795704832572,999990,504,0,1795704832572,'no_poll','no client polled for this target before the scrape''s deadline',NULL,NULL,NULL,NULL,NULL,'nobody',0,NULL,NULL,0,0,0,0,0,NULL);
        CREATE TABLE client_history (
          client_id INTEGER PRIMARY KEY REFERENCES client(id) ON DELETE CASCADE,
          outcomes TEXT NOT NULL,
          durations_us BLOB NOT NULL
        ) STRICT;
        INSERT INTO client_history VALUES(1,'.!u',X'eb2d0000c11d000089070000');
        INSERT INTO client_history VALUES(3,'p',X'36420f00');
        CREATE TABLE client_failures (
          client_id INTEGER NOT NULL REFERENCES client(id) ON DELETE CASCADE,
          kind TEXT NOT NULL,
          count INTEGER NOT NULL, connections INTEGER NOT NULL DEFAULT 0,
          PRIMARY KEY (client_id, kind)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO client_failures VALUES(1,'target_status',1,0);
        INSERT INTO client_failures VALUES(1,'target_unreachable',1,0);
        INSERT INTO client_failures VALUES(3,'no_poll',1,0);
        CREATE TABLE failure (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          time_ms INTEGER NOT NULL,
          fqdn TEXT NOT NULL,
          kind TEXT NOT NULL,
          text TEXT NOT NULL,
          scrape_id TEXT NOT NULL,
          target TEXT NOT NULL,
          duration_us INTEGER NOT NULL
        , unknown INTEGER NOT NULL DEFAULT 0, connection INTEGER NOT NULL DEFAULT 0) STRICT;
        INSERT INTO failure VALUES(1,1795704831521,'localhost','target_status','the target answered 404 File not found','7b493b4d-f344-4644-afcf-045e1dece11e','http://localhost:40465/nope',7617,0,0);
        INSERT INTO failure VALUES(2,1795704831534,'localhost','target_unreachable','the client could not connect to its target: failed to scrape http://LocalHost:1/: could not connect to the target: connection refused','23dcb643-a2ca-49b7-a0d3-da6f9c01732c','http://localhost:1/',1929,0,0);
        INSERT INTO failure VALUES(3,1795704832572,'nobody','no_poll','no client polled for this target before the scrape''s deadline','38557518-882f-4ebe-8b4a-5e134fe42a57','http://nobody:9100/metrics',999990,1,0);
        CREATE TABLE second (
          second INTEGER PRIMARY KEY,
          queued INTEGER NOT NULL,
          in_flight INTEGER NOT NULL,
          live_clients INTEGER NOT NULL,
          scrapes INTEGER NOT NULL,
          failures INTEGER NOT NULL
        ) STRICT;
        INSERT INTO second VALUES(1795704827,0,0,0,0,0);
        INSERT INTO second VALUES(1795704828,0,0,1,0,0);
        INSERT INTO second VALUES(1795704829,0,0,1,0,0);
        INSERT INTO second VALUES(1795704830,0,0,2,0,0);
        INSERT INTO second VALUES(1795704831,0,0,2,2,1);
        INSERT INTO second VALUES(1795704832,1,0,2,1,1);
        INSERT INTO second VALUES(1795704833,0,0,2,1,1);
        INSERT INTO second VALUES(1795704834,0,0,2,0,0);
        INSERT INTO second VALUES(1795704835,0,0,2,0,0);
        DELETE FROM sqlite_sequence;
        INSERT INTO sqlite_sequence VALUES('failure',3);
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
          SELECT fqdn, state, transport, round_trip_us / 1000 AS ping_ms, queued, in_flight, scrapes, failures,
            datetime(last_seen_ms / 1000, 'unixepoch') AS last_seen,
            last_failure_kind, last_failure_text
          FROM client_state WHERE state NOT IN ('gone', 'unknown') ORDER BY sort_key;
        COMMIT;
        """
}
