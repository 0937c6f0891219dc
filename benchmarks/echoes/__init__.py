"""Echo kernels, each the least that its framework lets an author write; started as scripts."""
