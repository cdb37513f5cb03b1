"""The register in PostgreSQL: the only package that knows SQL; functions over one transaction."""
