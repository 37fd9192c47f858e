"""What every vision-language model has in common: what it is shown and asked, and how answers are read."""
