"""The closed and extensible word lists of Open Badges 3.0 and CLR 2.0 (OB and CLR data model, enumerations).

An extensible list also takes ``ext:`` words. The published schemas search for the extension pattern anywhere in the
text; these patterns match the whole text, and everything that they accept the schemas accept too.
"""

from __future__ import annotations

import re
from collections.abc import Callable


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_EXTENSION = re.compile(r"ext:[A-Za-z0-9._|][A-Za-z0-9._|-]*")

ACHIEVEMENT_TYPES = _words(
    "Achievement ApprenticeshipCertificate Assessment Assignment AssociateDegree Award Badge BachelorDegree "
    "Certificate CertificateOfCompletion Certification CommunityService Competency Course CoCurricular Degree Diploma "
    "DoctoralDegree Fieldwork GeneralEducationDevelopment JourneymanCertificate LearningProgram License Membership "
    "ProfessionalDoctorate QualityAssuranceCredential MasterCertificate MasterDegree MicroCredential ResearchDoctorate "
    "SecondarySchoolDiploma"
)
RESULT_TYPES = _words(
    "GradePointAverage LetterGrade Percent PerformanceLevel PredictedScore RawScore Result RubricCriterion "
    "RubricCriterionLevel RubricScore ScaledScore Status"
)
RESULT_STATUSES = _words("Completed Enrolled Failed InProgress OnHold Provisional Withdrew")
TARGET_TYPES = _words(
    "ceasn:Competency ceterms:Credential CFItem CFRubric CFRubricCriterion CFRubricCriterionLevel CTDL"
)
IDENTIFIER_TYPES = _words(
    "name sourcedId systemId productId userName accountId emailAddress nationalIdentityNumber isbn issn lisSourcedId "
    "oneRosterSourcedId sisSourcedId ltiContextId ltiDeploymentId ltiToolId ltiPlatformId ltiUserId identifier"
)
ASSOCIATION_TYPES = _words("exactMatchOf isChildOf isParentOf isPartOf isPeerOf isRelatedTo precedes replacedBy")


def one_of(words: frozenset[str], *, extensible: bool) -> Callable[[str], str]:
    """A check that a text is one of ``words``, or an ``ext:`` word where the list is extensible."""
    listed = ", ".join(sorted(words))
    expected = f"must be one of {listed}" + (" or an ext: word" if extensible else "")

    def check(value: str) -> str:
        if value in words or (extensible and _EXTENSION.fullmatch(value)):
            return value
        raise ValueError(expected)

    return check
