"""Every reading of posts: home, lists, hashtags, threads, notifications, widgets.

Sources give ids, `merging` makes one order of several, `paging` cuts pages, and
`hydration` turns ids into what one viewer may see. May call delivery (a home that
hibernates is asked for), reading and coherence.
"""
