# SPDX-License-Identifier: EUPL-1.2
"""What the words of EN 319 102-1 mean for somebody who wants to know whether a signature holds.

German stands in ``schemas/wording/verify.toml``. Leaves out what to do about it: that is said beside each finding.
"""

from gateway.model.signature import SubIndication

MEANING = {
    SubIndication.FORMAT_FAILURE: "Not valid: the file or its signature is not built as it has to be.",
    SubIndication.HASH_FAILURE: "Not valid: something was changed after it was signed.",
    SubIndication.SIG_CRYPTO_FAILURE: "Not valid: the value of the signature does not fit what was signed.",
    SubIndication.REVOKED: "Not valid: the certificate was revoked when it was used.",
    SubIndication.EXPIRED: "Not valid: the certificate had expired when it was used.",
    SubIndication.NOT_YET_VALID: "Not valid: the certificate was not valid yet when it was used.",
    SubIndication.SIG_CONSTRAINTS_FAILURE: "Not valid as it is: the signature or a signed file breaks a rule that "
    "holds here.",
    SubIndication.CHAIN_CONSTRAINTS_FAILURE: "Not valid as it is: the certificate may not be used for this signature.",
    SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE: "Undecided: the certificates could not be checked to the end.",
    SubIndication.CRYPTO_CONSTRAINTS_FAILURE: "Not valid as it is: an algorithm or a key is too weak or not known here.",
    SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE: "Not valid as long as nothing proves that it was signed while its algorithm was strong enough.",
    SubIndication.POLICY_PROCESSING_ERROR: "Undecided: the signature policy could not be applied.",
    SubIndication.SIGNATURE_POLICY_NOT_AVAILABLE: "Undecided: the signature names a policy that is not known here.",
    SubIndication.TIMESTAMP_ORDER_FAILURE: "Undecided: its times contradict each other.",
    SubIndication.NO_SIGNING_CERTIFICATE_FOUND: "Undecided: it is not certain whose certificate made the signature.",
    SubIndication.NO_CERTIFICATE_CHAIN_FOUND: "Undecided: nobody whom you trust vouches for the signer.",
    SubIndication.REVOKED_NO_POE: "Not valid as long as nothing proves that it was signed before the revocation.",
    SubIndication.REVOKED_CA_NO_POE: "Not valid as long as nothing proves that it was signed before the issuer's certificate was revoked.",
    SubIndication.OUT_OF_BOUNDS_NO_POE: "Not valid as long as nothing proves that it was signed while the certificate was valid.",
    SubIndication.OUT_OF_BOUNDS_NOT_REVOKED: "Not valid as long as nothing proves that it was signed before the certificate expired; it was not revoked.",
    SubIndication.REVOCATION_OUT_OF_BOUNDS_NO_POE: "Undecided: what says whether the certificate was revoked could not "
    "be trusted at that time.",
    SubIndication.NO_POE: "Undecided: nothing proves when it was signed.",
    SubIndication.TRY_LATER: "Undecided: it is not known whether the certificate was revoked.",
    SubIndication.SIGNED_DATA_NOT_FOUND: "Undecided: what was signed is missing or could not be read.",
}
