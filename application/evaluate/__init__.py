"""Run backends over a cohort and score them, in batches, shards and worker processes."""
