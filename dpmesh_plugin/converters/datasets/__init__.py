"""From the original downloads of data sets to the schema of docs/data.md."""

from .schema_writer import Person, SchemaWriter

__all__ = ['Person', 'SchemaWriter']
