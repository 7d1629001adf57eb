"""Melodies: notes of scores, made curves by the rules of the page, made sound by a model."""
