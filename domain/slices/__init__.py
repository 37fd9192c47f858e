"""A slice as a picture: rendering of planes, and conversion of answers back to the study."""
