"""Files written by users: documents and tables; and errors of the disk."""
