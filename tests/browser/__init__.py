"""Tests in real front ends: JupyterLab and Notebook 7, in headless Chromium.

A package, so that its fixtures end with it: the browser's event loop must not run beside other tests.
"""
