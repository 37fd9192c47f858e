"""Files that people make: documents, tables, and what a disk refuses."""
