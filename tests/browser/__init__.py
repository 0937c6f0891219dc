"""Tests in real front ends: JupyterLab and Notebook 7, in headless Chromium.

A package, so that its fixtures end with it: Playwright's event loop must not run in others.
"""
