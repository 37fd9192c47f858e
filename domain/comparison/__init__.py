"""Several runs over the same patients: what differs, where, and how sure that is."""
