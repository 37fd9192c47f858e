"""Parsing of a model's text answers: the questions, the grammar and JSON objects."""
