"""Which platforms are asked: registered by an operator, approved by another person, shadowed, live, paused, retired.

    register -> check -> approve (another person) -> shadow -> live -> pause, resume -> retire

A declaration is its bytes, named by their digest; what people say about it is a signed step, and steps form a row to
which one can only add. `standing` alone says what a row amounts to, for the desk that writes a step and for every
gateway that reads it. A file of HOME/platforms answers by itself as long as nobody is named to operate its region.
"""
