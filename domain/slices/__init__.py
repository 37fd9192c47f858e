"""A slice as a picture: how a plane is drawn, and how an answer on the picture is taken back."""
