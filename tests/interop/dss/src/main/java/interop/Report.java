// SPDX-License-Identifier: EUPL-1.2
package interop;

import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.spi.validation.CertificateVerifier;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import eu.europa.esig.validationreport.ValidationReportFacade;
import eu.europa.esig.validationreport.jaxb.SignatureIdentifierType;
import eu.europa.esig.validationreport.jaxb.SignatureValidationReportType;
import eu.europa.esig.validationreport.jaxb.ValidationReportDataType;
import eu.europa.esig.validationreport.jaxb.ValidationReportType;
import eu.europa.esig.validationreport.jaxb.ValidationStatusType;
import java.io.File;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads file names from standard input, prints what the ETSI report on each says, one JSON line a file. A report (.xml) is read with
 * DSS's own schemas; of anything else DSS makes the report itself.
 */
public final class Report {
    private Report() {}

    public static void main(String[] arguments) throws Exception {
        CertificateVerifier verifier = Trust.verifier(Path.of(arguments[0]), Path.of(arguments[1]));
        Date moment = Date.from(Instant.parse(arguments[2]));
        for (String line : new String(System.in.readAllBytes(), "UTF-8").lines().toList()) {
            List<Map<String, Object>> signatures = new ArrayList<>();
            ValidationReportType read = line.endsWith(".xml") ? read(line) : made(line, verifier, moment);
            for (SignatureValidationReportType signature : read.getSignatureValidationReport()) {
                signatures.add(signature(signature));
            }
            System.out.println(Json.write(Map.of("file", line, "signatures", signatures)));
        }
    }

    private static ValidationReportType read(String file) throws Exception {
        return ValidationReportFacade.newFacade().unmarshall(new File(file), true);
    }

    private static ValidationReportType made(String file, CertificateVerifier verifier, Date moment) {
        SignedDocumentValidator validator = SignedDocumentValidator.fromDocument(new FileDocument(file));
        validator.setCertificateVerifier(verifier);
        validator.setValidationTime(moment);
        return validator.validateDocument().getEtsiValidationReportJaxb();
    }

    private static Map<String, Object> signature(SignatureValidationReportType report) {
        Map<String, Object> told = new LinkedHashMap<>();
        SignatureIdentifierType identifier = report.getSignatureIdentifier();
        if (identifier != null && identifier.getDigestAlgAndValue() != null) {
            told.put("value", text(identifier.getSignatureValue().getValue()));
            told.put("digest", text(identifier.getDigestAlgAndValue().getDigestValue()));
            told.put("algorithm", identifier.getDigestAlgAndValue().getDigestMethod().getAlgorithm());
        }
        ValidationStatusType status = report.getSignatureValidationStatus();
        told.put("indication", status.getMainIndication());
        told.put("sub_indications", status.getSubIndication());
        told.put("process", process(report));
        told.put("validated", report.getValidationTimeInfo().getValidationTime().toInstant());
        told.put("best", report.getValidationTimeInfo().getBestSignatureTime().getPOETime().toInstant());
        told.put("chain", chain(status));
        told.put("crypto", crypto(status));
        return told;
    }

    private static Object process(SignatureValidationReportType report) {
        return report.getSignatureValidationProcess() == null
                ? null
                : report.getSignatureValidationProcess().getSignatureValidationProcessID();
    }

    private static int chain(ValidationStatusType status) {
        for (ValidationReportDataType data : status.getAssociatedValidationReportData()) {
            if (data.getCertificateChain() != null) {
                int anchor = data.getCertificateChain().getTrustAnchor() == null ? 0 : 1;
                return 1 + data.getCertificateChain().getIntermediateCertificate().size() + anchor;
            }
        }
        return 0;
    }

    private static List<String> crypto(ValidationStatusType status) {
        return status.getAssociatedValidationReportData().stream()
                .filter(data -> data.getCryptoInformation() != null)
                .map(data -> data.getCryptoInformation().getAlgorithm()
                        + " " + data.getCryptoInformation().isSecureAlgorithm())
                .toList();
    }

    private static String text(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }
}
