"""The outbox in each post, who gets a post, and which homes are hibernated.

Imports the packages of what is delivered: posts, edges and stored timelines.
"""
