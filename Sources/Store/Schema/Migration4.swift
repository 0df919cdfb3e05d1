/// Version 4 of the schema: what clients declare, and what of it is let into service discovery.
///
/// `client_label` is read both ways: what a client says, and which clients say it. What a target's labels are is only ever read with their
/// target; they stay in one text.
enum Migration4 {
    static let sql = """
        ALTER TABLE proxy ADD COLUMN discovery_labels TEXT NOT NULL DEFAULT 'as-given';

        ALTER TABLE client ADD COLUMN declaration INTEGER;

        CREATE TABLE client_label (
          client_id INTEGER NOT NULL REFERENCES client(id) ON DELETE CASCADE,
          name TEXT NOT NULL,
          value TEXT NOT NULL,
          PRIMARY KEY (client_id, name)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX client_label_by_value ON client_label (name, value);

        CREATE TABLE client_target (
          client_id INTEGER NOT NULL REFERENCES client(id) ON DELETE CASCADE,
          port INTEGER NOT NULL,
          path TEXT NOT NULL,
          labels TEXT NOT NULL,
          PRIMARY KEY (client_id, port, path)
        ) STRICT, WITHOUT ROWID;
        """
}
