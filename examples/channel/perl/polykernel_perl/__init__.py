"""Perl, evaluated by Perl."""
