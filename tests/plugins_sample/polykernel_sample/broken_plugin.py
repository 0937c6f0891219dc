"""A plugin that can't be imported."""

raise RuntimeError("this plugin wants more than there is")
