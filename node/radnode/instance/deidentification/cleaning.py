"""Cleaning descriptions (PS3.15 E.3.5): only words that are known to say nothing of a person stay.

A list of what may stay, because a list of what must go is never whole. A word that is also part of a name or an
identifier in the object goes as well.
"""

import re
from collections.abc import Collection
from functools import cache

_WORDS = """
abdomen abdominal ablation above acquisition acute adc adrenal after angio angiogram angiography angle ankle anterior
aorta aortic ap apex arch arm arms arterial arteries artery arthrogram ascending aspect asl average axial axis b0
baseline basilar before below biopsy bladder blood body bolus bone bones both bowel brain brainstem breast breasts
breath bronchus calcification cardiac care carotid cartilage cavity cc cct cerebral cervical chest cine clavicle clinic
coccyx colon color comparison complete contrast control coronal coronary correction cor cr cranial craniocaudal
cranium ct cta cyst decubitus deep delay delayed density descending dental detail diagnostic diaphragm diastolic
diffusion digital disc distal distance dixon doppler dorsal dose dual duct dwi dx dynamic ear early echo edge elbow
enhanced enlarged epi epiphysis esophagus exam examination expiration extension external extremities extremity eye eyes
facial fast fat fatsat femoral femur fetal fetus fiducial field filter fingers first flair flexion flow fluid fluoro
follow followup foot foramen forearm fov fracture frame frontal full functional fusion gallbladder gated gland gradient
grid guidance gre half hand hands head heart hepatic high hip hips humerus iac image images imaging implant inferior
initial injection inner inspiration internal intervention intracranial inversion iso joint kernel kidney kidneys knee
knees landmark large late lateral leg legs lens lesion level lower liver lobe localizer long low lumbar lung lungs
lymph magnitude mammogram mammography mandible mask mass maxilla medial mediastinum mip ml mlo mm motion mpr mprage mr
mra mri multiphase muscle myelography nasal native neck nerve nodule non noncontrast nonenhanced normal nose not
nuclear oblique obl open orbit orbits optic outer ovary overview pa pancreas panoramic parallel parametric parotid
patella pelvic pelvis perfusion pericardium peripheral pet phantom phase pituitary plain plan plane pleura plus port
portable portal position positron post posterior pre prone prostate protocol proton protons proximal pulmonary
quality quick radiograph radius recon reconstruction rectum reference reformat relaxation renal repeat resolution rest
ribs right left routine sacral sacrum sag sagittal scan scanogram scapula scout screening sella sequence series short
shoulder shoulders shunt sinus sinuses skeletal skeleton skull slab slice slices small soft space spectral spectroscopy
spin spinal spine spleen standard standing static stent sternum stir stomach stress study subtracted subtraction
superior supine suppressed supraclavicular survey susceptibility swi systolic t1 t1w t2 t2w t2star tee temporal test
therapy thick thigh thin thoracic thoracolumbar thorax thumb thyroid tibia time tissue toes tomography tongue topogram
trachea trans transverse trauma treatment tse tube turbo two tumor ulna ultrasound unenhanced upper upright ureter
urethra urinary us uterus valve vascular vein veins venous ventral ventricle ventricular vertebra vertebrae vessel
vessels view views volume water weighted whole wide width window wo with without wrist xray
1d 2d 3d 4d a an and at by c for from in l no of on or r the to two vs w x
"""
_TOKENS = re.compile(r"(?<![\w.,/:-])([0-9]{1,2}(?:\.[0-9]{1,3})? ?(?:cm|mm|ml|t))(?![\w/:-])|([^\W_]+)", re.IGNORECASE)


@cache
def _known() -> frozenset[str]:
    return frozenset(_WORDS.split())


def cleaned(text: str, identifying: Collection[str]) -> str:
    """What of the text may stay, as ASCII: known words, none of them in `identifying`, and short measures with a unit.

    A number alone could be part of a date or of an identifier.
    """
    values = []
    for value in text.split("\\"):
        kept = [
            measure or word
            for measure, word in _TOKENS.findall(value)
            if measure or (word.casefold() in _known() and word.casefold() not in identifying)
        ]
        values.append(" ".join(kept))
    return "\\".join(values) if any(values) else ""
