"""The works that a modality stands on, as its page of the documentation lists them."""

from __future__ import annotations

__all__ = ["REFERENCES"]

REFERENCES: dict[str, tuple[str, ...]] = {
    "force_pca": (
        "A. V. Hill (1910) The possible effects of the aggregation of the molecules of haemoglobin on its "
        "dissociation curves. *J Physiol* 40: iv–vii.",
        "F. J. Richards (1959) A flexible growth function for empirical use. *J Exp Bot* 10: 290–300.",
        "D. M. Bates & D. G. Watts (1988) *Nonlinear Regression Analysis and Its Applications.* Wiley.",
        "R. J. Carroll & D. Ruppert (1988) *Transformation and Weighting in Regression.* Chapman & Hall.",
        "R. D. Cook & S. Weisberg (1982) *Residuals and Influence in Regression.* Chapman & Hall.",
        "R. Koenker (1981) A note on studentizing a test for heteroscedasticity. *J Econometrics* 17: 107–112.",
        "A. Wald & J. Wolfowitz (1940) On a test whether two samples are from the same population. *Ann Math "
        "Stat* 11: 147–162.",
    ),
    "slack": (
        "K. A. P. Edman (1979) The velocity of unloaded shortening and its relation to sarcomere length and "
        "isometric force in vertebrate muscle fibres. *J Physiol* 291: 143–159.",
        "E. C. Fieller (1954) Some problems in interval estimation. *J R Stat Soc B* 16: 175–185.",
    ),
    "force_velocity": (
        "A. V. Hill (1938) The heat of shortening and the dynamic constants of muscle. *Proc R Soc Lond B* "
        "126: 136–195.",
        "K. A. P. Edman (1988) Double-hyperbolic force–velocity relation in frog muscle fibres. *J Physiol* "
        "404: 301–321.",
        "U. Ramer (1972) An iterative procedure for the polygonal approximation of plane curves. *Comput "
        "Graph Image Process* 1: 244–256.",
        "D. M. Bates & D. G. Watts (1988) *Nonlinear Regression Analysis and Its Applications.* Wiley.",
    ),
    "isometric": (
        "A. F. Huxley & R. M. Simmons (1971) Proposed mechanism of force generation in striated muscle. "
        "*Nature* 233: 533–538.",
        "B. Schmeiser (1982) Batch size effects in the analysis of simulation output. *Operations Research* "
        "30: 556–568.",
    ),
    "twitch": (
        "C. M. Hurvich & C.-L. Tsai (1989) Regression and time series model selection in small samples. "
        "*Biometrika* 76: 297–307.",
        "C. J. Geyer (1992) Practical Markov chain Monte Carlo. *Statistical Science* 7: 473–483.",
        "A. Savitzky & M. J. E. Golay (1964) Smoothing and differentiation of data by simplified least "
        "squares procedures. *Analytical Chemistry* 36: 1627–1639.",
    ),
    "force_length": (
        "A. M. Gordon, A. F. Huxley & F. J. Julian (1966) The variation in isometric tension with sarcomere "
        "length in vertebrate muscle fibres. *J Physiol* 184: 170–192.",
        "F. E. Zajac (1989) Muscle and tendon: properties, models, scaling, and application to biomechanics "
        "and motor control. *Crit Rev Biomed Eng* 17: 359–411.",
        "D. G. Thelen (2003) Adjustment of muscle mechanics model parameters to simulate dynamic contractions"
        " in older adults. *J Biomech Eng* 125: 70–77.",
        "R. D. Woittiez, P. A. Huijing, H. B. K. Boom & R. H. Rozendal (1984) A three-dimensional muscle "
        "model. *J Morphol* 182: 95–113.",
        "Y. C. Fung (1967) Elasticity of soft tissues in simple elongation. *Am J Physiol* 213: 1532–1544.",
        "B. R. MacIntosh & M. B. MacNaughton (2005) The length dependence of muscle active force: "
        "considerations for parallel elastic properties. *J Appl Physiol* 98: 1666–1673.",
    ),
    "ktr": (
        "B. Brenner & E. Eisenberg (1986) Rate of force generation in muscle: correlation with actomyosin "
        "ATPase activity in solution. *Proc Natl Acad Sci USA* 83: 3542–3546.",
        "B. Brenner (1988) Effect of Ca²⁺ on cross-bridge turnover kinetics in skinned single rabbit psoas "
        "fibers. *Proc Natl Acad Sci USA* 85: 3265–3269.",
        "J. P. Burg (1975) *Maximum entropy spectral analysis.* Thesis, Stanford University.",
        "H. Akaike (1974) A new look at the statistical model identification. *IEEE Trans Autom Control* 19: 716–723.",
        "M. G. Kendall (1954) Note on bias in the estimation of autocorrelation. *Biometrika* 41: 403–404.",
    ),
}
