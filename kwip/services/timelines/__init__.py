"""Read posts: home, lists, hashtags, threads, notifications, widgets.

Sources return ids, `merging` sorts several into one, `paging` cuts pages, and
`hydration` turns ids into what one viewer may see. May call delivery (to wake a
hibernating home), reading and coherence.
"""
