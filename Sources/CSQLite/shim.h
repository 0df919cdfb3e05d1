#pragma once
#include <sqlite3.h>

/// SQLITE_TRANSIENT is a cast macro, which Swift does not import: SQLite copies the bound bytes before it returns.
static inline sqlite3_destructor_type pushprox_sqlite_transient(void) { return SQLITE_TRANSIENT; }

/// SQLITE_STATIC, likewise: the bound bytes outlive the statement's next step and reset.
static inline sqlite3_destructor_type pushprox_sqlite_static(void) { return SQLITE_STATIC; }
