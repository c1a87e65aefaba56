"""The node's database: SQLite in one process, PostgreSQL where one machine is outgrown.

`tables` says what is kept, `migrations` how an older database becomes that, `engine` how it is opened, `store` is the
port; one module for each repository. No SQL stands anywhere else in the node.
"""
