/// Version 3 of the schema: how scrapes come to a client and how far away it is; connections through CONNECT, beside the scrapes.
///
/// Version 2 had the denials of CONNECTs among the failures, told by their targets alone.
enum Migration3 {
    static let sql = """
        DROP VIEW live_clients;
        DROP VIEW client_state;

        ALTER TABLE proxy ADD COLUMN connections INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE proxy ADD COLUMN connections_opened INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE proxy ADD COLUMN connections_failed INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE proxy ADD COLUMN connection_bytes_to_target INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE proxy ADD COLUMN connection_bytes_to_scraper INTEGER NOT NULL DEFAULT 0;

        ALTER TABLE client ADD COLUMN transport TEXT;
        ALTER TABLE client ADD COLUMN round_trip_us INTEGER;
        ALTER TABLE client ADD COLUMN connections INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE client ADD COLUMN connections_opened INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE client ADD COLUMN connections_failed INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE client ADD COLUMN connection_bytes_to_target INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE client ADD COLUMN connection_bytes_to_scraper INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE client ADD COLUMN last_connection_ms INTEGER;

        ALTER TABLE client_failures ADD COLUMN connections INTEGER NOT NULL DEFAULT 0;

        ALTER TABLE failure ADD COLUMN connection INTEGER NOT NULL DEFAULT 0;
        UPDATE failure SET connection = 1 WHERE target GLOB 'CONNECT *';

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
          SELECT fqdn, state, transport, round(round_trip_us / 1000.0, 1) AS ping_ms, queued, in_flight, scrapes, failures,
            datetime(last_seen_ms / 1000, 'unixepoch') AS last_seen,
            last_failure_kind, last_failure_text
          FROM client_state WHERE state NOT IN ('gone', 'unknown') ORDER BY sort_key;
        """
}
