"""Letters from their bytes and into their bytes: no SQL, no Temporal, no network."""
