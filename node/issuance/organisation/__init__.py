"""What an organisation does about itself: members, keys, profiles, namespaces, second persons, its log."""
