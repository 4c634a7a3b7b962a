// SPDX-License-Identifier: EUPL-1.2
package interop;

import eu.europa.esig.dss.signature.AbstractSignatureParameters;
import eu.europa.esig.dss.asic.cades.ASiCWithCAdESSignatureParameters;
import eu.europa.esig.dss.asic.cades.signature.ASiCWithCAdESService;
import eu.europa.esig.dss.asic.xades.ASiCWithXAdESSignatureParameters;
import eu.europa.esig.dss.asic.xades.signature.ASiCWithXAdESService;
import eu.europa.esig.dss.enumerations.ASiCContainerType;
import eu.europa.esig.dss.enumerations.DigestAlgorithm;
import eu.europa.esig.dss.enumerations.SignatureLevel;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.model.SignatureValue;
import eu.europa.esig.dss.model.ToBeSigned;
import eu.europa.esig.dss.pades.PAdESSignatureParameters;
import eu.europa.esig.dss.pades.signature.PAdESService;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.tsp.KeyEntityTSPSource;
import eu.europa.esig.dss.token.DSSPrivateKeyEntry;
import eu.europa.esig.dss.token.Pkcs12SignatureToken;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.security.KeyStore.PasswordProtection;
import java.security.KeyStore;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;

/** Signs with DSS what lies in WORK/files and WORK/paper.pdf, with WORK/seal.p12 and WORK/tsa.p12, into WORK/made. */
public final class Make {
    private static final char[] PASSWORD = "interop".toCharArray();

    private final Path work;
    private final Date moment;
    private final Pkcs12SignatureToken token;
    private final CommonCertificateVerifier verifier;
    private final KeyEntityTSPSource stamps;

    private Make(Path work, Date moment) throws Exception {
        this.work = work;
        this.moment = moment;
        this.token =
                new Pkcs12SignatureToken(work.resolve("seal.p12").toFile(), new PasswordProtection(PASSWORD));
        this.verifier = Trust.verifier(work.resolve("anchors"), work.resolve("crls"));
        KeyStore unit = KeyStore.getInstance("PKCS12");
        try (FileInputStream in = new FileInputStream(work.resolve("tsa.p12").toFile())) {
            unit.load(in, PASSWORD);
        }
        this.stamps = new KeyEntityTSPSource(unit, unit.aliases().nextElement(), PASSWORD);
        this.stamps.setTsaPolicy("1.3.6.1.4.1.99999.1");
        this.stamps.setProductionTime(moment);
    }

    public static void main(String[] arguments) throws Exception {
        Make make = new Make(Path.of(arguments[0]), Date.from(Instant.parse(arguments[1])));
        ASiCContainerType many = ASiCContainerType.ASiC_E;
        ASiCContainerType one = ASiCContainerType.ASiC_S;
        make.xades("xades-e-b.asice", many, SignatureLevel.XAdES_BASELINE_B, DigestAlgorithm.SHA256, 1);
        make.xades("xades-e-b-sha512.asice", many, SignatureLevel.XAdES_BASELINE_B, DigestAlgorithm.SHA512, 1);
        make.xades("xades-e-b-twice.asice", many, SignatureLevel.XAdES_BASELINE_B, DigestAlgorithm.SHA256, 2);
        make.xades("xades-e-t.asice", many, SignatureLevel.XAdES_BASELINE_T, DigestAlgorithm.SHA256, 1);
        make.xades("xades-e-lt.asice", many, SignatureLevel.XAdES_BASELINE_LT, DigestAlgorithm.SHA256, 1);
        make.xades("xades-e-lta.asice", many, SignatureLevel.XAdES_BASELINE_LTA, DigestAlgorithm.SHA256, 1);
        make.xades("xades-s-b.asics", one, SignatureLevel.XAdES_BASELINE_B, DigestAlgorithm.SHA256, 1);
        make.xades("xades-s-t.asics", one, SignatureLevel.XAdES_BASELINE_T, DigestAlgorithm.SHA256, 1);
        make.cades("cades-e-b.asice", many, SignatureLevel.CAdES_BASELINE_B);
        make.cades("cades-e-t.asice", many, SignatureLevel.CAdES_BASELINE_T);
        make.cades("cades-e-lt.asice", many, SignatureLevel.CAdES_BASELINE_LT);
        make.cades("cades-s-b.asics", one, SignatureLevel.CAdES_BASELINE_B);
        make.cades("cades-s-t.asics", one, SignatureLevel.CAdES_BASELINE_T);
        make.pades("pades-b.pdf", SignatureLevel.PAdES_BASELINE_B);
        make.pades("pades-t.pdf", SignatureLevel.PAdES_BASELINE_T);
        make.pades("pades-lt.pdf", SignatureLevel.PAdES_BASELINE_LT);
        make.pades("pades-lta.pdf", SignatureLevel.PAdES_BASELINE_LTA);
    }

    private void xades(
            String name, ASiCContainerType type, SignatureLevel level, DigestAlgorithm digest, int times)
            throws IOException {
        List<DSSDocument> documents = files(type);
        for (int round = 0; round < times; round++) {
            ASiCWithXAdESSignatureParameters parameters = new ASiCWithXAdESSignatureParameters();
            parameters.setSignatureLevel(level);
            parameters.setDigestAlgorithm(digest);
            parameters.aSiC().setContainerType(type);
            prepare(parameters, round);
            ASiCWithXAdESService service = new ASiCWithXAdESService(verifier);
            service.setTspSource(stamps);
            ToBeSigned bytes = service.getDataToSign(documents, parameters);
            SignatureValue value = token.sign(bytes, digest, key());
            documents = List.of(service.signDocument(documents, parameters, value));
        }
        save(documents.get(0), name);
    }

    private void cades(String name, ASiCContainerType type, SignatureLevel level) throws IOException {
        ASiCWithCAdESSignatureParameters parameters = new ASiCWithCAdESSignatureParameters();
        parameters.setSignatureLevel(level);
        parameters.aSiC().setContainerType(type);
        prepare(parameters, 0);
        ASiCWithCAdESService service = new ASiCWithCAdESService(verifier);
        service.setTspSource(stamps);
        List<DSSDocument> documents = files(type);
        ToBeSigned bytes = service.getDataToSign(documents, parameters);
        SignatureValue value = token.sign(bytes, parameters.getDigestAlgorithm(), key());
        save(service.signDocument(documents, parameters, value), name);
    }

    private void pades(String name, SignatureLevel level) throws IOException {
        PAdESSignatureParameters parameters = new PAdESSignatureParameters();
        parameters.setSignatureLevel(level);
        prepare(parameters, 0);
        PAdESService service = new PAdESService(verifier);
        service.setTspSource(stamps);
        DSSDocument paper = new FileDocument(work.resolve("paper.pdf").toFile());
        ToBeSigned bytes = service.getDataToSign(paper, parameters);
        SignatureValue value = token.sign(bytes, parameters.getDigestAlgorithm(), key());
        save(service.signDocument(paper, parameters, value), name);
    }

    private void prepare(AbstractSignatureParameters<?> parameters, int second) {
        parameters.setSigningCertificate(key().getCertificate());
        parameters.setCertificateChain(key().getCertificateChain());
        parameters.bLevel().setSigningDate(new Date(moment.getTime() + second * 1000L));
    }

    private DSSPrivateKeyEntry key() {
        return token.getKeys().get(0);
    }

    private List<DSSDocument> files(ASiCContainerType type) throws IOException {
        List<DSSDocument> documents = new ArrayList<>();
        for (Path file : Trust.sorted(work.resolve("files"))) {
            documents.add(new FileDocument(file.toFile()));
        }
        return type == ASiCContainerType.ASiC_S ? documents.subList(0, 1) : documents;
    }

    private void save(DSSDocument document, String name) throws IOException {
        document.save(work.resolve("made").resolve(name).toString());
    }
}
