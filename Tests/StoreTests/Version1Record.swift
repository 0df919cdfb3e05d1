import Foundation

@testable import Store

/// A record as version 0.1.0 of the proxy left it when it was killed: `sqlite3 record.db .dump`, unchanged.
///
/// Three clients with scrapes, answered with error statuses among others, one that went away, and a name that nobody has.
enum Version1Record {
    /// When it last wrote.
    static let heartbeat: UnixMilliseconds = 1_795_619_068_256

    static func put(at path: String) throws { try RecordDump.put(dump, version: 1, at: path) }

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
        ) STRICT;
        INSERT INTO proxy VALUES(1,1795619063742,1795619068256,NULL,'0.1.0','127.0.0.1:18999',15387,300000,9,2);
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
        ) STRICT;
        INSERT INTO client VALUES(1,'web-10.example.com',1795619064830,1795619064989,1795619364988,1,0,0,3,0,1298,1795619064988,980,503,5,NULL,NULL,NULL,'00112233445566778899aabbccddeeff','pushprox-client/0.1.0','127.0.0.1',NULL);
        INSERT INTO client VALUES(2,'web-2.example.com',1795619065089,1795619065503,1795619365502,0,0,0,2,0,1093,1795619065194,1093,404,5,NULL,NULL,NULL,NULL,'pushprox-client/0.1.0','127.0.0.1',NULL);
        INSERT INTO client VALUES(3,'db-1',1795619065297,1795619065402,1795619365401,1,0,0,2,0,1355,1795619065401,906,200,5,NULL,NULL,NULL,NULL,'pushprox-client/0.1.0','127.0.0.1',NULL);
        INSERT INTO client VALUES(4,'going',1795619065503,1795619065604,1795619365603,0,0,0,1,1,200078,1795619065804,200078,504,0,1795619065804,'no_poll','no client polled for this target before the scrape''s deadline',NULL,'pushprox-client/0.1.0','127.0.0.1',NULL);
        CREATE TABLE client_history (
          client_id INTEGER PRIMARY KEY REFERENCES client(id) ON DELETE CASCADE,
          outcomes TEXT NOT NULL,
          durations_us BLOB NOT NULL
        ) STRICT;
        INSERT INTO client_history VALUES(1,'..!',X'8c05000012050000d4030000');
        INSERT INTO client_history VALUES(2,'.!',X'ea03000045040000');
        INSERT INTO client_history VALUES(3,'!.',X'4b0500008a030000');
        INSERT INTO client_history VALUES(4,'p',X'8e0d0300');
        CREATE TABLE client_failures (
          client_id INTEGER NOT NULL REFERENCES client(id) ON DELETE CASCADE,
          kind TEXT NOT NULL,
          count INTEGER NOT NULL,
          PRIMARY KEY (client_id, kind)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO client_failures VALUES(4,'no_poll',1);
        CREATE TABLE failure (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          time_ms INTEGER NOT NULL,
          fqdn TEXT NOT NULL,
          kind TEXT NOT NULL,
          text TEXT NOT NULL,
          scrape_id TEXT NOT NULL,
          target TEXT NOT NULL,
          duration_us INTEGER NOT NULL
        ) STRICT;
        INSERT INTO failure VALUES(1,1795619065804,'going','no_poll','no client polled for this target before the scrape''s deadline','4ba0911f-4ab5-42ed-93c8-c333389a0059','http://going:9100/metrics',200078);
        INSERT INTO failure VALUES(2,1795619066054,'never-there','no_poll','no client polled for this target before the scrape''s deadline','f7e77ae9-bea7-4ee9-8723-e971e9e89904','http://Never-There:9100/metrics',248937);
        CREATE TABLE second (
          second INTEGER PRIMARY KEY,
          queued INTEGER NOT NULL,
          in_flight INTEGER NOT NULL,
          live_clients INTEGER NOT NULL,
          scrapes INTEGER NOT NULL,
          failures INTEGER NOT NULL
        ) STRICT;
        INSERT INTO second VALUES(1795619064,0,0,0,0,0);
        INSERT INTO second VALUES(1795619065,1,0,4,7,0);
        INSERT INTO second VALUES(1795619066,0,0,4,2,2);
        INSERT INTO second VALUES(1795619067,0,0,4,0,0);
        DELETE FROM sqlite_sequence;
        INSERT INTO sqlite_sequence VALUES('failure',2);
        CREATE INDEX failure_by_fqdn ON failure (fqdn, id);
        CREATE VIEW client_state AS
          SELECT client.*,
            CASE
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
          FROM client_state WHERE state <> 'gone' ORDER BY fqdn;
        CREATE VIEW recent_failures AS
          SELECT datetime(time_ms / 1000, 'unixepoch') AS time, fqdn, kind, text, target, scrape_id,
            duration_us / 1000 AS duration_ms
          FROM failure ORDER BY id DESC;
        COMMIT;
        """
}
