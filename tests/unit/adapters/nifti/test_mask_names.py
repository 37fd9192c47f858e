import pytest

from gliobench.adapters.nifti.mask_names import MaskClaim, mask_claim

ID = "UCSF-PDGM-0004"


@pytest.mark.parametrize(
    "name",
    [
        f"{ID}_seg",
        f"{ID}-seg",
        f"{ID}_Segm",
        f"{ID}_segmentation",
        f"{ID.lower()}_seg",
        f"{ID}_tumor_segmentation",
        f"{ID}_tumour_seg",
        f"{ID}_tumorseg_manual_correction",
        f"{ID}_tumorMask",
        f"{ID}_brain_tumor_seg",
        f"{ID}_gtv",
        f"{ID}_GlistrBoost_ManuallyCorrected",
        "tumor_mask",
    ],
)
def test_a_mask_with_the_studys_name_or_of_the_tumour_is_the_reference(name: str) -> None:
    assert mask_claim(name, {ID}) is MaskClaim.OWN


@pytest.mark.parametrize(
    "name",
    [
        *("W39_1998.09.19_Segm", "seg", "0815_seg", f"{ID}_final_seg"),
        *("tumor", "groundtruth", f"{ID}_gt", f"{ID}_glioma_final"),
    ],
)
def test_a_segmentation_that_says_nothing_else_is_a_misnamed_reference(name: str) -> None:
    assert mask_claim(name, {ID}) is MaskClaim.MISNAMED


@pytest.mark.parametrize(
    "what",
    [
        "brain_segmentation",
        "brain_parenchyma_segmentation",
        "BrainSeg",
        "brainmask",
        "skull_seg",
        "bet_mask",
        "hd-bet_seg",
        "ventricles_seg",
        "csf_seg",
        "wm_seg",
        "gm_seg",
        "parcellation_seg",
        "aparc+aseg",
        "aparc_seg",
        "hippocampus_seg",
        "left_putamen_seg",
        "optic_nerve_seg",
        "fastsurfer_seg",
        "synthseg",
        "SynthSeg_seg",
        "automated_approx_segm",
        "auto_seg",
        "autoseg",
        "autoseg_simple",
        "tumor_autoseg",
        "tumor_seg_nnUNet",
        "pred_seg",
        "prediction_segmentation",
        "nnunet_output_seg",
        "tumorseg_FeTS",
        "GlistrBoost",
        "edema_seg",
        "enhancing_tumor_seg",
        "tumor_core_seg",
        "resection_cavity_seg",
        "mask",
        "labels",
    ],
)
def test_a_mask_of_something_else_or_by_a_model_is_none(what: str) -> None:
    assert mask_claim(f"{ID}_{what}", {ID}) is MaskClaim.NONE
    assert mask_claim(what, {ID}) is MaskClaim.NONE


@pytest.mark.parametrize(
    "name", [f"{ID}_T1c", f"{ID}_ADC", "notes", f"{ID}_FLAIR_bias", f"{ID}_T1_tumor", "final"]
)
def test_a_name_that_speaks_of_no_mask_claims_nothing(name: str) -> None:
    assert mask_claim(name, {ID}) is None


@pytest.mark.parametrize("owner", ["Brain_001", "prediction-7", "AUTO12", "mask_study"])
def test_what_the_studys_own_name_says_does_not_count(owner: str) -> None:
    assert mask_claim(f"{owner}_seg", {owner}) is MaskClaim.OWN
    assert mask_claim(f"{owner}_csf_seg", {owner}) is MaskClaim.NONE


def test_the_longest_of_a_studys_names_is_its_own() -> None:
    assert mask_claim("scan_0004_seg", {"scan", "scan_0004"}) is MaskClaim.OWN


def test_files_named_by_modality_alone_have_a_mask_named_so_too() -> None:
    assert mask_claim("seg", {""}) is MaskClaim.OWN
    assert mask_claim("brain_seg", {""}) is MaskClaim.NONE


def test_a_strangers_tumour_mask_is_misnamed() -> None:
    assert mask_claim("UCSF-PDGM-0005_tumor_segmentation", {ID}) is MaskClaim.MISNAMED
