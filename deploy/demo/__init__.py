"""A province to try the gateway on: invented subjects, real platforms as processes, an issuer, declarations.

`province.start` makes it live; `generator.generate` is its data, `platforms/` how the gateway reads it. The
tests use it as their counterpart. Nothing of it is for production, and no part of it leaves this machine.
"""
