/// Version 2 of the schema: names as clients spell them, in their natural order; names that are scraped and never polled; what is
/// queued and in flight over all names.
///
/// `natural_key` is a function of the writer's connections (`NaturalKey`).
enum Migration2 {
    static let sql = """
        DROP VIEW live_clients;
        DROP VIEW client_state;

        ALTER TABLE proxy ADD COLUMN queued INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE proxy ADD COLUMN in_flight INTEGER NOT NULL DEFAULT 0;

        ALTER TABLE client ADD COLUMN name TEXT;
        ALTER TABLE client ADD COLUMN sort_key TEXT NOT NULL DEFAULT '';
        ALTER TABLE client ADD COLUMN polled INTEGER NOT NULL DEFAULT 1;
        UPDATE client SET sort_key = natural_key(fqdn);
        CREATE INDEX client_by_sort_key ON client (sort_key);
        CREATE INDEX client_never_polled ON client (last_seen_ms) WHERE polled = 0;

        ALTER TABLE failure ADD COLUMN unknown INTEGER NOT NULL DEFAULT 0;
        UPDATE failure SET unknown = 1 WHERE fqdn NOT IN (SELECT fqdn FROM client);
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
        """
}
