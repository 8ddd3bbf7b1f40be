"""A local AWS of two accounts: moto in this process, behind a gate that is as strict as AWS.

The way of one request:

    server (sockets) -> record -> faults -> identity (whose key) -> signature (botocore's signer)
      -> models and parse (which operation, which parameters) -> check (botocore's validator)
      -> additions (what moto lacks) or upstream (moto) -> faults -> server

`world` builds the accounts of Causeway's users over it, `client` drives it from tests.
"""
