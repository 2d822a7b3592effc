"""What only operators run: audits, repairs, deletion of users, loading a whole graph.

May import every other package of the store; none imports it.
"""
