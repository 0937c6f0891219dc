"""Needs what is not there."""

import not_installed_anywhere
