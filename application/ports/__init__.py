"""What gliobench needs from the outside: one protocol a file."""
