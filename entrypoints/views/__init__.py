"""What commands print: tables for a terminal, and JSON and CSV for scripts."""
